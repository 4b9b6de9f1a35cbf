/** Arguments of helpers and kfuncs that are not of the kind the call takes. */
import { BtfKind } from "../../../btf/types.ts";
import { baseType, NOT_INIT, PTR_TO_BTF_ID, typeIsNonOwningRef } from "../../state/reg-type.ts";
import { btfTypeName } from "../print-state.ts";
import { callsBefore, lostBy, rootOf } from "./calls-before.ts";
import { article, type Case, type Family, family, type Told, typeWords } from "./case.ts";
import { memberAt } from "./meaning.ts";
import { anyOf } from "./program.ts";

const call = (c: Case): string => (c.call ? `${c.call.name}()` : "The call");
/** "R2 (task) is a trusted pointer to struct task_struct". */
export function whoIs(c: Case, n: number): string {
  const reg = c.reg(n);
  if (!reg || reg.type === NOT_INIT) return `${c.who(n)} holds nothing`;
  const type = c.typeOf(n);
  const struct = baseType(reg.type) === PTR_TO_BTF_ID && reg.btf ? btfTypeName(reg.btf, reg.btfId) : "";
  const words = struct === "" ? typeWords(type) : typeWords(type).replace("a kernel object", `struct ${struct}`).replace(/^an untrusted pointer$/, `an untrusted pointer to struct ${struct}`);
  if (/^(?:scalar|inv)$/.test(type) && reg.varOff.mask === 0n) return `${c.who(n)} is ${reg.varOff.value === 0n ? "NULL" : "a plain number"}`;
  return `${c.who(n)} is ${words}`;
}

interface Wanted { words: string; fixes: (c: Case, n: number, got: string) => string[] }
const MEMORY = "a local variable, a map's value or packet bytes";
/** What the types in the kernel's list amount to. The first that fits. */
const WANTED: readonly [test: (list: readonly string[]) => boolean, wanted: Wanted][] = [
  [(l) => l.includes("dynptr_ptr"), { words: "the address of a struct bpf_dynptr in a local variable", fixes: () => ["Declare it in the function and pass its address: `struct bpf_dynptr d; … &d`"] }],
  [(l) => l.includes("fp") && l.length > 1, {
    words: `the address of memory (${MEMORY})`,
    fixes: (c, n, got) => [
      /^(?:scalar|inv)$/.test(got) ? `Pass the address of ${MEMORY}, not a number` : `Pass the address of ${MEMORY}`,
      ...(/^(?:scalar|inv)$/.test(got) && (c.reg(n)?.varOff.value !== 0n || c.reg(n)?.varOff.mask !== 0n) ? ["When the number itself is meant, put it into a local variable and pass that variable's address: `__u32 x = …; … &x`"] : []),
      ...(/^(?:scalar|inv)$/.test(got) && c.reg(n)?.varOff.mask !== 0n && TRACING.has(c.env.prog.type) ? ["When the number is an address in the kernel, copy from there first: bpf_probe_read_kernel(&copy, sizeof(copy), address)"] : []),
      ...(/ptr_/.test(got) ? ["Copy what is needed of the kernel object to a local variable (bpf_probe_read_kernel(), or a plain assignment of the member) and pass that"] : []),
      ...(got === "rdonly_mem" || got === "rdonly_buf" ? ["The call may write there: pass a local variable, and copy afterwards"] : []),
    ],
  }],
  [(l) => l.length === 1 && l[0] === "fp", { words: "the address of memory that is as large as the size that is passed with it", fixes: () => [`Pass the address of ${MEMORY}`, "Or pass the size 0 with NULL, where the call takes NULL"] }],
  [(l) => l[0] === "ctx", { words: "the program's own context", fixes: (c) => [`Pass the program's own context (its first parameter) to ${call(c)}`] }],
  [(l) => l[0] === "map_ptr", { words: "a map", fixes: () => ["Pass the address of a map defined in SEC(\".maps\")"] }],
  [(l) => l.some((t) => t.startsWith("sock")), { words: "a socket", fixes: (_c, _n, got) => (got.includes("or_null") ? [] : ["Pass a socket: from the context (ctx->sk, checked for NULL), or from a lookup helper and checked for NULL"]) }],
  [(l) => l.some((t) => t.startsWith("percpu_")), { words: "a per-CPU variable or object", fixes: (c) => [`Pass the address of a per-CPU variable of the kernel (\`extern const struct rq runqueues __ksym;\`)${c.env.kernel.kfunc("bpf_percpu_obj_new_impl") || c.env.kernel.kfunc("bpf_percpu_obj_new") ? ", or an object of bpf_percpu_obj_new()" : ""}`] }],
  [(l) => l.includes("map_value") && l.some((t) => t.includes("ptr_")), { words: "the address of a kernel pointer field in a map's value or in an object of the program's", fixes: () => ["Pass the address of the field: `&value->field`, where value came from a lookup and was checked for NULL"] }],
  [(l) => l[0] === "map_value", { words: "the address of something inside a map's value", fixes: () => ["Pass the address of a member of a map's value (from a lookup, checked for NULL), or of a global variable"] }],
  [(l) => l.some((t) => /^(?:trusted_|rcu_)?ptr_/.test(t)), {
    words: "a pointer to a kernel object that is certain to be alive (trusted, or protected by RCU)",
    fixes: (c, n, got) => (c.call?.name === "bpf_kptr_xchg" && n === 2 ? ["Pass a pointer that the program owns: from a function that acquires the object (or bpf_obj_new()), or NULL"] : got.includes("untrusted") ? [
      ...(c.env.kernel.kfunc("bpf_rcu_read_lock") ? ["Read the pointer between bpf_rcu_read_lock() and bpf_rcu_read_unlock() and pass it there, where RCU protects the object"] : []),
      ...(c.env.kernel.kfunc("bpf_task_acquire") ? ["Or get a pointer of your own: bpf_task_acquire(), bpf_cgroup_acquire() …, released after use"] : []),
      "Pass an argument of the hook as it was given, or what a function such as bpf_get_current_task_btf() returned",
    ] : ["Pass an argument of the hook as it was given, the result of a function such as bpf_get_current_task_btf(), or a pointer that was acquired"]),
  }],
  [(l) => /^(?:ringbuf|alloc)_mem$/.test(l[0]!), { words: "a record that bpf_ringbuf_reserve() gave", fixes: () => ["Pass the very pointer that bpf_ringbuf_reserve() returned, checked for NULL"] }],
  [(l) => l[0] === "func", { words: "a function of the program", fixes: () => ["Pass the name of a static function"] }],
  [(l) => l[0] === "scalar" || l[0] === "inv", { words: "a number", fixes: () => ["Pass a number"] }],
];
/** The call that gave the value, where its result is a pointer. */
function madePointer(c: Case, n: number): number | null {
  const root = c.way && rootOf(c, n, c.way.now());
  const made = root ? c.callAt(root.pos) : null;
  if (!root || !made) return null;
  if (made.kind === "helper") return c.env.kernel.helperByName(made.name)?.protos[0]?.ret.base.startsWith("RET_PTR_TO") ? root.pos : null;
  return made.kind === "kfunc" && /^bpf_(?:obj_new|percpu_obj_new|refcount_acquire|rbtree_|list_|dynptr_slice|iter_\w+_next)/.test(made.name) ? root.pos : null;
}
/** Would the pointer do once it was compared with NULL? */
const checkedFits = (got: string, list: readonly string[]): boolean => got.includes("or_null") && list.includes(got.replace(/_?or_null/, ""));
const TRACING: ReadonlySet<string> = new Set(["kprobe", "tracepoint", "raw_tracepoint", "raw_tracepoint_writable", "perf_event", "tracing", "lsm"]);
function wrongType(c: Case, n: number, got: string, expected: string): Told {
  const list = expected.split(", ");
  const found = WANTED.find(([test]) => test(list))?.[1] ?? { words: anyOf([...new Set(list.map(typeWords))]), fixes: () => [`Pass ${anyOf([...new Set(list.map(typeWords))])}`] };
  const inner = list[0] === "map_ptr" && got.includes("or_null");
  const number = /^(?:scalar|inv)$/.test(got);
  const lost = number ? lostBy(c, n) : null;
  if (lost) {
    return {
      title: `Argument ${n} of ${call(c)} is no longer valid`, registers: [n], related: [c.related(lost.insn, `${lost.name}() is called here`)],
      reason: `${call(c)} takes ${found.words} as argument ${n}. ${c.who(n)} was a pointer before, but ${lost.text}; since then it is only a number.`,
      fixes: /gave it back/.test(lost.text) ? [`Use the pointer only before ${lost.name}() at ${c.place(lost.insn)}: give it back once, after the last use`] : /took it over/.test(lost.text) ? [`Use the pointer only before ${lost.name}() at ${c.place(lost.insn)}`] : [`Read data and data_end from the context again after ${lost.name}(), and compare again`],
    };
  }
  if (number && c.reg(n)?.varOff.mask !== 0n) {
    const maker = madePointer(c, n);
    if (maker !== null) {
      return {
        title: `Argument ${n} of ${call(c)} is no longer valid`, registers: [n], related: [c.related(maker, `${c.callAt(maker)?.name}() gave the pointer`)],
        reason: `${call(c)} takes ${found.words} as argument ${n}. ${c.who(n)} was a pointer when ${c.callAt(maker)?.name}() at ${c.place(maker)} gave it, but what it pointed to was given back or changed since; now it is only a number.`,
        fixes: ["Get the pointer again after the call or store that made it invalid", "Or use it before that"],
      };
    }
  }
  const isNull = number && c.reg(n)?.varOff.mask === 0n && c.reg(n)?.varOff.value === 0n;
  const fixes = [
    ...(got.includes("or_null") ? [`Check ${c.means(n) ?? `R${n}`} for NULL before the call: \`if (!p) return …;\``] : []),
    ...(inner || checkedFits(got, list) ? [] : found.fixes(c, n, got)),
    ...(isNull ? [`${call(c)} does not take NULL ${list.length === 1 && list[0] === "fp" ? "with a size above 0" : "here"}`] : []),
  ];
  return {
    title: got.includes("or_null") ? `Argument ${n} of ${call(c)} may be NULL` : `Argument ${n} of ${call(c)} is of another kind`, registers: [n],
    reason: `${call(c)} takes ${found.words} as argument ${n}; ${inner ? `${c.who(n)} is an inner map that may be NULL` : whoIs(c, n)}.`, fixes,
  };
}
function otherStruct(c: Case, n: number, want: string, have: string | undefined, name: string): Told {
  const reg = c.reg(n);
  const off = reg ? Number(BigInt.asIntN(64, reg.varOff.value)) + reg.off : 0;
  const member = reg?.btf && off > 0 ? memberAt(reg.btf, reg.btfId as never, off, 1)?.path : undefined;
  const holder = reg?.btf?.resolve(reg.btfId as never);
  const inside = holder?.kind === BtfKind.STRUCT ? holder.members.find((x) => reg!.btf!.resolve(x.type)?.name === want) : undefined;
  const pointing = holder?.kind === BtfKind.STRUCT ? holder.members.find((x) => { const t = reg!.btf!.resolve(x.type); return t?.kind === BtfKind.PTR && reg!.btf!.resolve(t.type)?.name === want; }) : undefined;
  return {
    title: `Argument ${n} of ${name}() is another structure`, registers: [n],
    reason: `${name}() takes a pointer to struct ${want} as argument ${n}; ${have ? `${c.who(n)} points to ${member ? `member ${member} of ` : off > 0 ? `offset ${off} of ` : ""}struct ${have}` : whoIs(c, n)}.`,
    fixes: [
      ...(inside && inside.bitOffset / 8 !== off ? [`Pass the address of its member: \`&p->${inside.name}\``] : []),
      ...(pointing ? [`Pass its member \`p->${pointing.name}\`, which points to one`] : []),
      `Pass a pointer to struct ${want}${have ? "" : " that the kernel gave"}`,
    ],
  };
}
function mayWrite(c: Case, n: number, name: string, type: string): Told {
  return {
    title: `${name}() would write into a kernel object`, registers: [n],
    reason: `${name}() may write to where ${c.who(n)} points, and that is ${typeWords(type)}, which programs may not change this way.`, fixes: [`Pass the address of a local variable${c.call?.kind === "helper" && /read/.test(name) ? " for the result (argument 1 is where the bytes go, the last argument where they come from)" : " or of a map's value for the result"}`],
  };
}
const HANDS_OVER = /^bpf_(?:list_push_\w+|rbtree_add)(?:_impl)?$/;
/** The kernel's words for a kfunc's argument: "expected pointer to allocated object". */
function kfuncArgument(c: Case, n: number, words: string): Told {
  const reg = c.reg(n);
  if (reg && typeIsNonOwningRef(reg.type)) {
    let by = "";
    let related: Told["related"];
    for (const { name, at } of callsBefore(c)) {
      if (!HANDS_OVER.test(name)) continue;
      by = `: ${name}() at ${c.place(at.pos)} took it over`;
      related = [c.related(at.pos, `${name}() takes the object over`)];
      break;
    }
    return {
      title: "The object is not the program's any more", registers: [n], ...(related ? { related } : {}),
      reason: `${call(c)} takes an object that the program owns as argument ${n}; ${c.who(n)} belongs to a list or tree now${by}.`,
      fixes: ["Add each object once", "To have it in two lists or trees give the structure a struct bpf_refcount and take a second reference: bpf_refcount_acquire()", "To own it again take it out of its list or tree first"],
    };
  }
  const lost = /^(?:scalar|inv)$/.test(c.typeOf(n)) ? lostBy(c, n) : null;
  const [want, fix] = kfuncWords(words, c.call?.name ?? "");
  return {
    title: `Argument ${n} of ${call(c)} is of another kind`, registers: [n], ...(lost ? { related: [c.related(lost.insn, `${lost.name}() is called here`)] } : {}),
    reason: `${call(c)} takes ${want} as argument ${n}; ${lost ? `${c.who(n)} was a pointer before, but ${lost.text}` : whoIs(c, n)}.`,
    fixes: lost ? [`Use the pointer only before ${lost.name}() at ${c.place(lost.insn)}`] : [fix],
  };
}
function kfuncWords(words: string, name: string): [want: string, fix: string] {
  if (/allocated object/.test(words)) {
    return /map value/.test(words)
      ? [`a ${/lock/.test(name) ? "lock" : /list/.test(name) ? "list head" : /rb/.test(name) ? "tree root" : "special field"} in a map's value, in a global variable or in an object of bpf_obj_new()`, `Pass the address of that member: \`&value->${/lock/.test(name) ? "lock" : /list/.test(name) ? "head" : "root"}\``]
      : ["an object that bpf_obj_new() gave (or that was taken out of a list, tree or map)", "Pass the pointer that bpf_obj_new() returned, checked for NULL and not given away yet"];
  }
  const drop = /^for (bpf_\w+)\(\)/.exec(words)?.[1];
  if (drop) return [drop.includes("percpu") ? "an object of bpf_obj_new()" : "a per-CPU object of bpf_percpu_obj_new()", `This object is given back with ${drop}()`];
  if (/const string/.test(words)) return ["a string in read-only memory", "Pass a string literal or a `static const char text[] = \"…\";`: it lies in .rodata"];
  if (/map value/.test(words)) return ["the address of a field inside a map's value", "Put the field into the value of a map (__type(value, struct …)), look the element up, and pass `&value->field`"];
  if (/owning or non-owning/.test(words)) return ["an object of the program's (from bpf_obj_new(), or out of a list or tree)", "Pass such an object, checked for NULL"];
  if (/to ctx/.test(words)) return ["the program's own context", "Pass the program's first parameter"];
  if (/to func/.test(words)) return ["a function of the program", "Pass the name of a static function"];
  const want = article(words.replace(/^an? /, "").replace(/, but got.*$/, ""));
  return [want, `Pass ${want}`];
}
/** A kernel structure is wanted, and the pointer leads to the program's own memory. */
function notFromKernel(c: Case, n: number, struct: string): Told {
  return {
    title: `Argument ${n} of ${call(c)} has to come from the kernel`, registers: [n],
    reason: `${call(c)} takes a pointer to struct ${struct} as argument ${n}, an object that the kernel gave; ${whoIs(c, n)}.`,
    fixes: [`Pass the pointer itself, not its address or a copy of the object: an argument of the hook, or what a function that gives a struct ${struct} returned`, "After reading a pointer out of memory, make it valid first with an acquiring function"],
  };
}
function unsized(c: Case, n: number, type: string): Told {
  const [kind = "", name = ""] = type.split(" ");
  const named = name === "" ? (kind === "VOID" || kind === "UNKNOWN" ? "void" : kind.toLowerCase()) : `${kind.toLowerCase()} ${name}`;
  const whole = !c.walking || c.call?.kind === "function";
  return {
    title: `The type of ${whole ? "parameter" : "argument"} ${n} has no size`, registers: whole ? [] : [n],
    reason: `${whole ? `Parameter ${n} of a global function` : `Argument ${n} of ${call(c)}`} points to ${named}, whose size BTF does not give, so it cannot be known how much memory there is.`,
    fixes: [`Use a complete type: ${/struct|fwd/i.test(kind) && name !== "" ? `define struct ${name}` : "a pointer to a structure or number"}`, ...(whole ? ["Or make the function static: it is then verified with what each caller passes"] : [])],
  };
}
function typeId(c: Case, m: RegExpExecArray): Told {
  const name = c.call?.name ?? "The kfunc";
  const cast = m[1] !== undefined;
  if (m[5] !== undefined) return { title: `${name}() cannot make an object that large`, reason: `The structure has ${m[5]} bytes; ${m[6]} is the most.`, fixes: [`Use a structure of ${m[6]} bytes or less`, "Or keep the data in a per-CPU map"] };
  const percpu = /percpu/.test(name);
  const must = /scalars/.test(m[4] ?? "") ? "a structure of plain numbers, without pointers" : /special fields/.test(m[4] ?? "") ? "a structure without special fields (locks, timers, list nodes, kernel pointers)" : cast ? `a structure of the kernel's${/void/.test(m[4] ?? "") ? " (or void)" : ""}` : "a structure that the program defines";
  const n = cast ? 2 : 1;
  return {
    title: `${name}() cannot make an object of this type`, registers: [n],
    reason: `${name}() takes the BTF id of a type as argument ${n}, and it has to be ${must}; ${c.who(n)} names none such.`,
    fixes: [cast ? "Pass the id of a kernel structure: bpf_core_type_id_kernel(struct x)" : percpu ? "Write `bpf_percpu_obj_new(struct x)`, where struct x has numbers only" : "Write `bpf_obj_new(typeof(struct x))`, where struct x is defined in the program"],
  };
}
const argument = (m: string | undefined, reg: string | undefined): number => (reg !== undefined ? Number(reg) : Number(m) + 1);

export const ARGUMENTS: readonly Family[] = [
  family("argument-type", "check_reg_type", /^R(\d+) type=(\S+) expected=(.+)$/, (c, m) => wrongType(c, Number(m[1]), m[2]!, m[3]!)),
  family("argument-type", "check_reg_type", /^R(\d+) is of type (\S+) but (\S+) is expected$/, (c, m) => otherStruct(c, Number(m[1]), m[3]!, m[2], c.call?.name ?? "the call")),
  family("argument-type", "check_reg_type", /^(\S+)\(\) may write into memory pointed by R(\d+) type=(\S+)$/, (c, m) => mayWrite(c, Number(m[2]), m[1]!, m[3]!)),
  family("argument-type", "check_special_kfunc", /^(?:kfunc (bpf_rdonly_cast)|(bpf_obj_new\/bpf_percpu_obj_new|bpf_percpu_obj_new)|(local)) type (?:ID argument must (.*)|size \((\d+)\) is greater than (\d+))$/, (c, m) => typeId(c, m)),
  family("argument-type", "process_kf_arg_ptr_to_btf_id", /^kernel function (\S+) (?:args#(\d+)|R(\d+)) expected pointer to (\S+) (\S+)(?: but R(\d+) has a pointer to (\S+) (\S+))?$/, (c, m) => otherStruct(c, Number(m[6] ?? m[3] ?? Number(m[2]) + 1), m[5]!, m[8], m[1]!)),
  family("argument-type", "check_kfunc_args", /^R(\d+) is (\S+) expected STRUCT (\S+)$/, (c, m) => notFromKernel(c, Number(m[1]), m[3]!)),
  family("argument-type", "check_kfunc_args", /^R(\d+) is (\S+) expected (\S+)(?: (?!or)(\S+))?(?: or (.*))?$/, (c, m) => ({ title: `Argument ${m[1]} of ${call(c)} is of another kind`, registers: [Number(m[1])], reason: `${call(c)} takes a pointer to a kernel object${m[5] === "socket" ? " or a socket" : ""} as argument ${m[1]}; ${whoIs(c, Number(m[1]))}.`, fixes: ["Pass an argument of the hook as it was given, or a pointer that an acquiring function returned"] })),
  family("argument-type", "check_kfunc_args", /^(?:arg#(\d+)|R(\d+)) (?:expected|doesn't point to|is neither|isn't|is not a pointer to) ?(.*)$/, (c, m) => kfuncArgument(c, argument(m[1], m[2]), m[3]!)),
  family("argument-type", "check_kfunc_args", /^pointer in R(\d+) isn't map pointer$/, (c, m) => ({ title: `Argument ${m[1]} of ${call(c)} has to be a map`, registers: [Number(m[1])], reason: `${call(c)} takes a map as argument ${m[1]}; ${whoIs(c, Number(m[1]))}.`, fixes: ["Pass the address of a map defined in SEC(\".maps\")"] })),
  family("argument-type", "get_kfunc_arg_type", /^(?:arg#(\d+)|R(\d+)) pointer type (?:STRUCT|UNION) (\S+) must point to (?:void, )?scalar, or struct with scalar$/, (c, m) => notFromKernel(c, argument(m[1], m[2]), m[3]!)),
  family("argument-type", "get_kfunc_arg_type", /^(?:arg#(\d+)|R(\d+)) reference type\('(.*?) ?'\) size cannot be determined: -?\d+$/, (c, m) => unsized(c, argument(m[1], m[2]), m[3]!)),
  family("argument-type", "get_kfunc_arg_type", /^(?:arg#(\d+)|R(\d+)) pointer type (\S+) (\S*) ?must point to .*$/, (c, m) => unsized(c, argument(m[1], m[2]), `${m[3]!} ${m[4]!}`)),
  family("argument-type", "check_kfunc_args", /^arg#(\d+) pointer type STRUCT bpf_dynptr_kern (.*)$/, (c, m) => ({
    title: "A dynptr is needed", registers: [Number(m[1]) + 1],
    reason: `${call(c)} takes a dynptr as argument ${Number(m[1]) + 1}; ${/stack/.test(m[2]!) ? `${whoIs(c, Number(m[1]) + 1)}, and it has to be the address of a local variable` : /initialized/.test(m[2]!) ? `the variable at ${c.who(Number(m[1]) + 1)} was not set up by a call on this path` : `the one at ${c.who(Number(m[1]) + 1)} is of a kind it does not take`}.`,
    fixes: ["Pass the address of a local `struct bpf_dynptr` that bpf_dynptr_from_mem() set up"],
  })),
  family("argument-type", "check_kfunc_args", /^(?:verifier (?:bug|internal error): )?more than one arg with ref_obj_id R(\d+) .*$/, (c, m) => ({ title: "Two arguments hold references", registers: [Number(m[1])], reason: `${call(c)} can be given one object that the program holds a reference to, and ${whoIs(c, Number(m[1]))}, a second one.`, fixes: ["Copy what is needed of one of them to a local variable, and pass that"] })),
  family("constant-argument", "process_const_arg", /^(?:R(\d+)|arg#(\d+)) (?:is not a const|must be a known constant|allocation size exceeds u32 max)$/, (c, m) => {
    const n = argument(m[2], m[1]);
    return { title: `Argument ${n} of ${call(c)} has to be a constant`, registers: [n], reason: `${call(c)} takes a number as argument ${n} that is known when the program is loaded; ${c.who(n)} is ${c.range(n)}.`, fixes: ["Pass a literal or sizeof(): the size of the largest piece that is needed", "Or pass a value that was compared with == on this path"] };
  }),
  family("flags", "check_helper_call", /^get_local_storage\(\) doesn't support non-zero flags$/, (c) => ({ title: "The flags must be 0", registers: [2], reason: `bpf_get_local_storage() takes no flags (argument 2 has to be 0); ${c.who(2)} is ${/^(?:scalar|inv)$/.test(c.typeOf(2)) ? c.range(2) : typeWords(c.typeOf(2))}.`, fixes: ["Pass the constant 0 as the second argument"] })),
];
