/** What may be done with a pointer: NULL checks, arithmetic, dereferences of what is none. */
import { callsBefore, lostBy, rootOf } from "./calls-before.ts";
import { type Case, type Family, family, fixed, plural, type Told, typeWords } from "./case.ts";
import { OP_CALL } from "../../../isa/table.ts";

/** Where a value that may be NULL came from: "bpf_map_lookup_elem() at line 12". */
function maker(c: Case, n: number): { text: string; insn: number | null } {
  const def = c.way?.define(n, c.way.now());
  let at = def?.kind === "insn" ? def.at : null;
  // copies of the result lead to the call
  for (let i = 0; at && i < 8; i++) {
    const insn = c.env.insns[at.pos]!;
    if (insn.code === OP_CALL) return { text: `${c.callAt(at.pos)?.name ?? "the call"}() at ${c.place(at.pos)}`, insn: at.pos };
    if (insn.code !== 0xbf) break;
    const next = c.way!.define(insn.src, at);
    at = next.kind === "insn" ? next.at : null;
  }
  return { text: c.means(n) ?? `R${n}`, insn: def?.kind === "insn" ? def.at.pos : null };
}
/** A name for the pointer in proposed code: what it stands for, where that is short. */
const inCode = (means: string | null): string => (means !== null && /^[A-Za-z_][\w>.-]*$/.test(means) ? means : "p");
/** What the program does where it must not: by the kind of program. */
const LEAVE: Readonly<Record<string, string>> = { xdp: "return XDP_PASS;", sched_cls: "return 0;" };
function nullCheck(c: Case, n: number, type: string): Told {
  const from = maker(c, n);
  const call = from.text.includes("()");
  const means = c.means(n);
  const leave = LEAVE[c.env.prog.type] ?? "return 0;";
  const origin = call ? `${from.text} may give NULL` : means === null || from.text === means ? "" : `${from.text} may be NULL`;
  return {
    title: "Pointer may be NULL", registers: [n],
    reason: `${c.who(n)} is ${typeWords(type)}${origin === "" ? "" : `: ${origin}`}; no comparison with NULL stands on this path${c.call ? ` before it is passed to ${c.call.name}()` : " before this access"}.`,
    fixes: [
      call ? `Check the return value of ${from.text} for NULL before it is used: \`if (!p) ${leave}\`` : `Check ${means ?? `R${n}`} for NULL before it is used: \`if (!${inCode(means)}) ${leave}\``,
      call ? "Check the very value that is used: a second call gives another pointer" : "Read it into a variable and check that: a second read gives another pointer",
    ],
    ...(from.insn !== null ? { related: [c.related(from.insn, "the pointer comes from here")] } : {}),
  };
}
/** Ways to get at what these kinds of pointers lead to, which are not memory for programs. */
const INSTEAD: Readonly<Record<string, string>> = {
  map_ptr: "Use bpf_map_lookup_elem() to get at a map's values", pkt_end: "data_end is only for comparing: access the packet through data", dynptr_ptr: "Use bpf_dynptr_read(), bpf_dynptr_write(), bpf_dynptr_data() or bpf_dynptr_slice() to get at its data",
  func: "A function can only be called, or passed as a callback", insn: "An instruction address is only for an indirect jump",
};
const ENDS = /_(?:submit|discard|release|drop|destroy|put|adjust|write|unlock)(?:_\w+)?$/;
/** A pointer that a call gave and that counts as a number now: the last call since then that may have ended what it lies in. */
function endedBy(c: Case, n: number): { name: string; insn: number } | null {
  const root = c.way && rootOf(c, n, c.way.now());
  const insn = root && c.env.insns[root.pos]!;
  if (!root || insn?.code !== OP_CALL || c.callAt(root.pos)?.kind === "function") return null;
  const made = c.callAt(root.pos)!;
  const pointer = made.kind === "helper" ? c.env.kernel.helper(insn.imm)?.protos.some((p) => /PTR/.test(p.ret.base)) : /slice|acquire|_new|_from_|pop|first|remove/.test(made.name);
  if (!pointer) return null;
  for (const { name, at } of callsBefore(c)) {
    if (at.pos === root.pos && at.step === root.step) return null;
    if (ENDS.test(name)) return { name, insn: at.pos };
  }
  return null;
}
function notMemory(c: Case, n: number, type: string): Told {
  const means = c.means(n);
  const scalar = type === "scalar" || type === "inv";
  if (!scalar) {
    return {
      title: `Loads and stores through ${typeWords(type)} are not possible`, registers: [n], reason: `${c.who(n)} is ${typeWords(type)}, which is not memory that a program may access.`,
      fixes: [INSTEAD[type] ?? (type.startsWith("fp") ? "Access the stack through the frame pointer with a constant offset" : "Get at its contents with the helper or kfunc made for it")],
    };
  }
  const r = c.reg(n);
  const known = r?.varOff.mask === 0n;
  if (known && (r.varOff.value === 0n || BigInt.asUintN(64, r.varOff.value) < 4096n)) {
    const zero = r.varOff.value === 0n;
    const from = maker(c, n);
    const gave = from.text.includes("()");
    return {
      title: "NULL is dereferenced", registers: [n],
      reason: `${zero ? `${c.who(n)} is NULL on this path` : `${c.who(n)} is the number ${c.range(n)}: a member at that offset of a structure at NULL`}${gave ? `: ${from.text} gave it` : ""}.`,
      fixes: [`Leave before the access when the pointer is NULL: \`if (!${inCode(means)}) return 0;\``],
      ...(gave && from.insn !== null ? { related: [c.related(from.insn, "the pointer comes from here")] } : {}),
    };
  }
  const lost = lostBy(c, n);
  if (lost !== null) {
    const packet = lost.text.includes("packet");
    return {
      title: packet ? "The packet pointer is no longer valid" : "The pointer is no longer valid", registers: [n],
      reason: `${c.who(n)} was a pointer, but ${lost.text}; since then the verifier takes it for a plain number.`,
      fixes: packet
        ? [`Read data and data_end from the context again after ${lost.text.replace(" may have moved the packet", "")}, and compare again`]
        : [`Use the pointer before ${lost.name}(), not after it: read what is needed into a variable first`],
      related: [c.related(lost.insn, packet ? "the packet may move here" : "it is given away here")],
    };
  }
  const ended = endedBy(c, n);
  if (ended !== null) {
    return {
      title: "The pointer is no longer valid", registers: [n],
      reason: `${c.who(n)} was a pointer, but ${ended.name}() at ${c.place(ended.insn)} ended what it lies in; since then the verifier takes it for a plain number.`,
      fixes: [`Use the pointer before ${ended.name}(), not after it: read what is needed into a variable first`], related: [c.related(ended.insn, "it becomes invalid here")],
    };
  }
  const slot = /^\*\(u64 \*\)\(fp - (\d+)\)$/.exec(means ?? "");
  if (slot) {
    return {
      title: "A pointer that was saved on the stack is lost", registers: [n],
      reason: `R${n} was read from the stack at fp-${slot[1]}, and there is no whole pointer there: it was overwritten, in part or by a call that got the address of that memory.`,
      fixes: ["Keep the pointer in a variable of its own, whose address is not passed on", "Check that no write goes beyond the end of the buffer beside it on the stack"],
    };
  }
  const address = /->|\*\(|\(…\)/.test(means ?? "");
  const task = means === "bpf_get_current_task(…)" && c.env.kernel.helperByName("bpf_get_current_task_btf") !== undefined;
  const kernel = /probe|tracepoint|tracing|perf_event|lsm/.test(c.env.prog.type);
  const line = /^(\w+)->([\w.]+)$/.exec(c.expression);
  return {
    title: "A number is used as a pointer", registers: [n],
    reason: `${c.who(n)} is ${known ? `the number ${c.range(n)}` : "a number for the verifier"}, not a pointer to memory that a program may access.`,
    fixes: [
      ...(address && kernel ? [`Read what it points to with ${line ? `\`BPF_CORE_READ(${line[1]}, ${line[2]})\`` : "BPF_CORE_READ() or bpf_probe_read_kernel()"}: the address is one of the kernel's, but nothing proves it`] : []),
      ...(task ? ["Or get the task with bpf_get_current_task_btf(), which gives a pointer that can be followed"] : []),
      ...(address && kernel ? [] : ["Keep the pointer itself: one that went through arithmetic the verifier cannot follow, or through memory in parts, is a number afterwards"]),
      ...(kernel && !address ? ["To read kernel memory at an address, use bpf_probe_read_kernel() or BPF_CORE_READ()"] : []),
    ],
  };
}
function unread(c: Case, n: number): Told {
  const def = c.way?.define(n, c.way.now());
  const writer = def?.kind === "insn" ? def.at.pos : null;
  const call = writer !== null ? c.callAt(writer) : null;
  const exit = c.env.insns[c.at]?.code === 0x95;
  if (n === 0 && call?.kind === "function" && writer !== null) {
    return { title: `${call.name}() returns nothing`, registers: [], reason: `R0 is read here as the result of ${call.name}() at ${c.place(writer)}, and that function returns nothing.`, fixes: [`Let ${call.name}() return a value`, "Or do not use its result"], related: [c.related(writer, `${call.name}() is called here`)] };
  }
  if (exit && n === 0) return { title: "The program does not set its return value", registers: [], reason: "R0 holds the return value, and nothing was written to it on this path.", fixes: ["Return a value on every path: `return 0;`", ...(call ? [] : ["A function that falls off its end, or runs into undefined behaviour (an endless loop, an uninitialised variable), is compiled to nothing"])] };
  if (call && writer !== null && n >= 1 && n <= 5) {
    return {
      title: "The register was lost in a call", registers: [], reason: `R${n} is read here, but the call of ${call.name}() at ${c.place(writer)} left R1 to R5 without a value.`,
      fixes: ["Keep the value in R6 to R9 or on the stack over the call (a compiler does so by itself; hand-written assembly has to)", `Or write R${n} again after ${call.name}()`], related: [c.related(writer, `${call.name}() is called here`)],
    };
  }
  return {
    title: "A register is read that was never written", registers: [],
    reason: `R${n} has no value on this path${c.call ? `, and ${c.call.name}() takes it as argument ${n}` : ""}.`,
    fixes: [n === 0 ? "Write R0 before it is read" : c.call && n <= 5 ? `Pass argument ${n} to ${c.call.name}()` : `Initialise the variable on every path that leads here (R${n})`, "A variable used before it is set is the usual cause: `-Wall` names it"],
  };
}
function modified(c: Case, type: string, n: number, off: string, what: string): Told {
  const ctx = type === "ctx";
  const r = c.reg(n);
  const call = c.call?.name;
  const registers = [n];
  if (type.includes("or_null") || c.typeOf(n).includes("or_null")) {
    const told = nullCheck(c, n, c.typeOf(n));
    return { ...told, reason: `${c.who(n)} lies inside an object that may be NULL: it is ${typeWords(type)} moved by ${off}, and was not compared with NULL.` };
  }
  const where = what === "variable" ? `at an offset that is not a constant (${r ? `${BigInt.asIntN(64, r.r64.smin)} … ${BigInt.asIntN(64, r.r64.smax)}` : off})` : `moved by ${plural(Number(off), "byte")}`;
  const struct = ((t) => (t && "name" in t && t.name !== "" ? t.name : null))(r?.btf?.type(r.btfId));
  return {
    title: ctx ? "The context is used at an offset" : what === "variable" ? "The pointer has an offset that is not a constant" : "The pointer was moved from its start", registers,
    reason: `${c.who(n)} is ${typeWords(type)} ${where}; ${call ? `${call}() takes it as it was given` : "here it has to be used as it was given"}.`,
    fixes: [
      ctx ? (call ? `Pass the context itself to ${call}()` : what === "variable" ? "Read the fields at constant offsets into a local array, and index that: `__u32 copy[] = { ctx->cb[0], ctx->cb[1] };`" : "Access the context with its own pointer and a constant offset in the instruction: `ctx->field`")
        : call && what === "fixed" ? `Pass the start of the object to ${call}()${struct !== null && Number(off) > 0 ? `: \`container_of(p, struct ${struct}, member)\` for a pointer to a member` : ""}`
        : "Use a constant offset: the member's address, `&p->member`",
      ...(ctx && !call && what !== "variable" ? ["Where the compiler made one load of several (`c ? ctx->a : ctx->b`), read each field into a variable with a barrier behind it: `__u32 a = ctx->a; barrier_var(a);`"] : []),
    ],
  };
}
/** Register of the call or access that carries a variable offset and is of that type. */
function varying(c: Case, type: string): number {
  if (c.access) return c.access.base;
  for (let n = 1; n <= 5; n++) {
    const r = c.reg(n);
    if (r && r.varOff.mask !== 0n && c.typeOf(n).startsWith(type.replace(/_$/, "")) && c.typeOf(n) !== "scalar") return n;
  }
  return 1;
}
/** "i" where a scaled index is added, with the greatest that stays inside of the map's value. */
function addend(c: Case): { name: string; most: number | null } {
  const found = c.way && c.insn && c.meanings?.scaledOf(c.numberOperand(), c.way.now());
  const pointer = c.insn ? (c.reg(c.insn.dst)?.type === 1 ? c.insn.src : c.insn.dst) : 0;
  const to = c.reg(pointer);
  const size = to?.map ? to.map.valueSize - Number(BigInt.asIntN(64, to.varOff.value)) - to.off : null;
  const named = /^[^[]*\[([^[\]]+)\]$/.exec(c.expression)?.[1]?.trim();
  const name = named && !/^\d+$/.test(named) ? named : found && /^[\w>.-]+$/.test(found.index) ? found.index : "index";
  return { name, most: size !== null && found && to?.varOff.mask === 0n ? Math.floor(size / found.unit) - 1 : null };
}

const OPERATOR: Readonly<Record<string, string>> = { "&=": "and", "|=": "or", "^=": "xor", "/=": "division", "%=": "remainder", "*=": "multiplication", "<<=": "shift", ">>=": "shift", "s>>=": "shift" };

const LEAKS: Readonly<Record<string, string>> = { "return value": "as the return value", ctx: "in the context", map: "in a map's value", mem: "in memory that others read", "helper function": "to a helper that takes a number" };

export const POINTERS: readonly Family[] = [
  family("null-check", "check_mem_access", /^R(\d+) invalid mem access '((?:\S*_)?or_null_?)'$/, (c, m) => nullCheck(c, Number(m[1]), m[2]!)),
  family("null-check", "adjust_ptr_min_max_vals", /^R(\d+) pointer arithmetic on (\S+or_null_?) prohibited(?:, null-check it first)?$/, (c, m) => {
    const told = nullCheck(c, Number(m[1]), m[2]!);
    return { ...told, reason: told.reason.replace("before this access", "before this arithmetic"), fixes: [told.fixes[0]!, "Add to the pointer after the check, not before it"] };
  }),
  family("null-check", "check_kfunc_args", /^Possibly NULL pointer passed to (?:trusted |helper )?(?:arg(\d+)|R(\d+))$/, (c, m) => {
    const n = m[2] !== undefined ? Number(m[2]) : Number(m[1]) + 1;
    return nullCheck(c, n, c.typeOf(n).includes("or_null") ? c.typeOf(n) : "ptr_or_null_");
  }),
  family("not-a-pointer", "check_mem_access", /^R(\d+) invalid mem access '(\S*)'$/, (c, m) => notMemory(c, Number(m[1]), m[2]!)),
  family("uninitialised", "__check_reg_arg", /^R(\d+) !read_ok$/, (c, m) => unread(c, Number(m[1]))),
  family("register-number", "check_and_resolve_insns", /^R(\d+) is invalid$/, (_c, m) => ({ title: "There is no such register", reason: `The instruction names R${m[1]}; BPF has R0 to R10.`, fixes: ["Use R0 to R10 (R10 only for reading)"] })),
  fixed("frame-pointer", "__check_reg_arg", /^frame pointer is read only$/, "R10 cannot be written", "R10 is the frame pointer and stays as it is.", "Copy R10 to another register and change the copy"),
  family("modified-pointer", "__check_ptr_off_reg", /^dereference of modified (\S+) ptr R(\d+) off=(-?\d+) disallowed$/, (c, m) => modified(c, m[1]!, Number(m[2]), m[3]!, "fixed")),
  family("modified-pointer", "__check_ptr_off_reg", /^negative offset (\S+) ptr R(\d+) off=(-?\d+) disallowed$/, (c, m) => modified(c, m[1]!, Number(m[2]), m[3]!, "fixed")),
  family("modified-pointer", "__check_ptr_off_reg", /^variable (\S+) access var_off=(.*?) disallowed$/, (c, m) => modified(c, m[1]!, varying(c, m[1]!), m[2]!, "variable")),
  family("modified-pointer", "__check_func_arg_reg_off", /^R(\d+) must have zero offset when passed to release func or trusted arg to kfunc$/, (c, m) => {
    const r = c.reg(Number(m[1]));
    return modified(c, c.typeOf(Number(m[1])), Number(m[1]), r ? String(BigInt.asIntN(64, r.varOff.value) + BigInt(r.off)) : "0", "fixed");
  }),
  family("pointer-arithmetic", "check_reg_sane_offset_scalar", /^math between (\S+) pointer and register with unbounded min value is not allowed$/, (c, m) => {
    const n = c.numberOperand();
    const { name, most } = addend(c);
    const held = c.range(n);
    return {
      title: "The number added to the pointer may be very negative", registers: c.insn ? [c.insn.dst, c.insn.src] : [],
      reason: `${c.who(n)} ${held === "anything" ? "may be any number" : `is ${held}`} and is added to ${typeWords(m[1]!)}; below −2²⁹ the verifier does not follow.`,
      fixes: [`Make the index unsigned and bound it before it is used: \`if (${name} ${most !== null && most >= 0 ? `> ${most}` : ">= COUNT"}) return …;\``, `Or check both ends: \`if (${name} < 0 || ${name} ${most !== null && most >= 0 ? `> ${most}` : ">= COUNT"}) return …;\``],
    };
  }),
  family("pointer-arithmetic", "check_reg_sane_offset_scalar", /^math between (\S+) pointer and (-?\d+) is not allowed$/, (c, m) => ({
    title: "The pointer would leave what can be followed", registers: c.insn ? [c.insn.dst] : [], reason: `${m[2]} is added to ${typeWords(m[1]!)}; only numbers between −2²⁹ and 2²⁹ are followed.`, fixes: [`Add less: ${m[2]} lies outside −536870911 … 536870911`],
  })),
  family("pointer-arithmetic", "check_reg_sane_offset_scalar", /^value (-?\d+) makes (\S+) pointer be out of bounds$/, (c, m) => ({
    title: "The pointer would leave what can be followed", registers: c.insn ? [c.insn.dst] : [], reason: `The number that is added may be ${m[1]}, which takes ${typeWords(m[2]!)} out of −2²⁹ … 2²⁹.`, fixes: ["Bound the number to the object before it is added: `if (n >= COUNT) return …;`"],
  })),
  family("pointer-arithmetic", "check_reg_sane_offset_ptr", /^(\S+) pointer offset (-?\d+) is not allowed$/, (c, m) => ({
    title: "The pointer's offset is too large", registers: c.insn ? [c.insn.dst] : [], reason: (c.insn && c.reg(c.insn.dst)?.varOff.mask !== 0n) || Math.abs(Number(m[2])) >= 2 ** 62 ? `${c.insn ? c.who(c.insn.dst) : "The pointer"} already carries a variable part without useful bounds, and more is added to it; only −2²⁹ … 2²⁹ is followed.` : `After this instruction ${typeWords(m[1]!)} would be ${m[2]} bytes away from its start; only −2²⁹ … 2²⁹ is followed.`, fixes: ["Bound the variable before it is added to the pointer: `if (n >= COUNT) return …;`", "Keep constant offsets inside of the object"],
  })),
  family("pointer-arithmetic", "adjust_ptr_min_max_vals", /^R(\d+) tried to subtract pointer from scalar$/, (c, m) => ({ title: "A pointer is subtracted from a number", registers: [Number(m[1])], reason: `${c.expression} would subtract a pointer from a number, which gives nothing that could be accessed.`, fixes: ["Subtract in the other order: pointer − number", "The distance of two pointers is pointer − pointer"] })),
  family("pointer-arithmetic", "adjust_reg_min_max_vals", /^R(\d+) pointer (\S+) pointer prohibited$/, (c, m) => ({ title: "Two pointers are combined", registers: c.insn ? [c.insn.dst, c.insn.src] : [], reason: `${c.who(Number(m[1]))} and ${c.insn ? c.who(c.insn.src) : "the other operand"} are both pointers; \`${m[2]}\` of two pointers gives no pointer.`, fixes: ["Add a number to a pointer, not a pointer", ...(m[2] === "-=" ? [] : ["For a distance, subtract one from the other"])] })),
  family("pointer-arithmetic", "adjust_ptr_min_max_vals", /^R(\d+) pointer arithmetic on (\S+) prohibited$/, (c, m) => ({
    title: `Nothing can be added to ${typeWords(m[2]!)}`, registers: [Number(m[1])], reason: `${c.expression} computes with ${c.who(Number(m[1]))}, ${typeWords(m[2]!)}; pointers of this kind stay as they are.`,
    fixes: [m[2] === "pkt_end" ? "Add to data instead, and compare the sum with data_end: `if (data + N > data_end) return …;`" : m[2] === "ctx" ? "Access the context at constant offsets: `ctx->field`" : m[2] === "map_ptr" ? "Use the map only as an argument of helpers" : "Access its members at constant offsets: `p->member`"],
  })),
  family("pointer-arithmetic", "adjust_ptr_min_max_vals", /^R(\d+) subtraction from stack pointer prohibited$/, (_c, m) => ({ title: "Subtraction from a stack pointer", reason: `R${m[1]} points to the stack; numbers may be added to it, negative ones too, but nothing may be subtracted.`, fixes: ["Add the negative number instead: `p + -n`", "Or index from the buffer's start: `buf + n`"], registers: [Number(m[1])] })),
  family("pointer-arithmetic", "adjust_ptr_min_max_vals", /^R(\d+) bitwise operator (\S+) on pointer prohibited$/, (c, m) => ({ title: `Bitwise ${(OPERATOR[m[2]!] ?? m[2]!).toUpperCase()} on a pointer`, registers: [Number(m[1])], reason: `${c.expression} changes bits of ${c.who(Number(m[1]))}; afterwards it would be no pointer.`, fixes: ["Mask the index before it is added to the pointer: `buf[i & 7]`, not `(buf + i) & 7`"] })),
  family("pointer-arithmetic", "adjust_ptr_min_max_vals", /^R(\d+) pointer arithmetic with (\S+) operator prohibited$/, (c, m) => ({ title: `${OPERATOR[m[2]!] ? `A ${OPERATOR[m[2]!]}` : m[2]} on a pointer`, registers: [Number(m[1])], reason: `\`${m[2]}\` on ${c.who(Number(m[1]))} gives no pointer; only addition and subtraction do.`, fixes: ["Compute the offset first and add it to the pointer"] })),
  family("pointer-arithmetic", "adjust_ptr_min_max_vals", /^R(\d+) 32-bit pointer arithmetic prohibited$/, (c, m) => ({ title: "Arithmetic on half a pointer", registers: [Number(m[1])], reason: `The 32-bit instruction would cut ${c.who(Number(m[1]))} in half.`, fixes: ["Use 64-bit types for what is added to pointers (long, __u64)"] })),
  family("pointer-arithmetic", "check_alu_op", /^R(\d+) (?:pointer arithmetic prohibited|partial copy of pointer|sign-extension part of pointer)$/, (c, m) => ({ title: "A pointer is cut or negated", registers: [Number(m[1])], reason: `${c.expression} would make a number of ${c.who(Number(m[1]))}, which programs of this privilege may not see.`, fixes: ["Keep pointers in 64-bit variables and only add to them"] })),
  family("pointer-compare", "check_cond_jmp_op", /^R(\d+) pointer comparison prohibited$/, (c, m) => ({ title: "Pointers are compared", registers: [Number(m[1])], reason: `${c.who(Number(m[1]))} is a pointer; a program without CAP_PERFMON may compare pointers only with NULL or with the packet's end.`, fixes: ["Compare with NULL, or packet pointers with data_end", "Load the program with CAP_PERFMON"] })),
  family("pointer-leak", "check_mem_access", /^R(\d+) leaks addr (?:into|as|to) (.*)$/, (c, m) => ({ title: "An address would leak", registers: [Number(m[1])], reason: `${c.who(Number(m[1]))} is an address, and it would become visible ${LEAKS[m[2]!] ?? m[2]}.`, fixes: ["Store, pass or return numbers only: what the pointer points to, not the pointer", "Or load the program with CAP_PERFMON"] })),
];
