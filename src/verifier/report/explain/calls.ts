/** Calls: what there is to call, who may call it, and whether the arguments are of the right kind. */
import { article, type Case, type Family, family, fixed, type Told, typeWords } from "./case.ts";

const program = (c: Case): string => `${c.env.prog.type}${c.env.prog.attachType ? ` (${c.env.prog.attachType})` : ""}`;

function unresolved(c: Case, id: string): Told {
  const note = c.env.prog.poisoned.get(c.at as never);
  if (note !== undefined) {
    const kfunc = /kfunc '([^']+)'/.exec(note)?.[1];
    const core = /CO-RE|relo/.test(note);
    return {
      title: kfunc ? `${kfunc} is not in this kernel` : core ? "What CO-RE could not relocate is used" : "Something of this call could not be resolved",
      reason: `The loader replaced this instruction by a call that cannot be made (${note.trim()}), and a path of the program reaches it.`,
      fixes: kfunc
        ? [`Call ${kfunc} only behind \`if (bpf_ksym_exists(${kfunc}))\`, so that no path reaches it where it is missing`, "Or ask for a kernel that has it"]
        : ["Use the field or type only behind bpf_core_field_exists() or bpf_core_type_exists(), so that no path reaches it where it is missing", "Or build for kernels that have it"],
    };
  }
  return {
    title: "Linux " + c.env.kernel.name + " has no such helper", reason: `Helper number ${id} means nothing to this kernel${Number(id) > 100_000 ? ": the number is one that loaders put where something could not be resolved" : `: its last is ${lastHelper(c)}`}.`,
    fixes: ["Use a helper that this kernel has", "Guard it with bpf_core_enum_value_exists(enum bpf_func_id, …), so that no path reaches the call where the helper is missing"],
  };
}
const lastHelper = (c: Case): number => c.env.kernel.manifest.helpers.reduce((n, h) => Math.max(n, h.id), 0);

function notForType(c: Case, name: string): Told {
  const types = [...new Set(Object.entries(c.env.kernel.helperByName(name)?.allowed ?? {}).filter(([, i]) => i >= 0).map(([k]) => k.split(":")[0]!))];
  return {
    title: `${name}() is not for programs of this type`, reason: `A program of type ${program(c)} may not call ${name}() on Linux ${c.env.kernel.name}.`,
    fixes: [types.length > 0 ? `Call it from one of: ${types.slice(0, 8).join(", ")}${types.length > 8 ? ", …" : ""}` : "Use another helper or kfunc for it"],
  };
}
function wrongType(c: Case, n: number, got: string, wanted: string): Told {
  const call = c.call?.name ?? "The call";
  const words = wanted.split(", ").map((w) => typeWords(w));
  const list = [...new Set(words)];
  const fixes: string[] = [];
  if (got.includes("or_null")) fixes.push(`Check ${c.means(n) ?? `R${n}`} for NULL first: \`if (!p) return …;\``);
  if (wanted === "ctx") fixes.push(`Pass the program's own context (its first parameter) to ${call}()`);
  else if (wanted === "map_ptr") fixes.push("Pass the address of a map defined in SEC(\".maps\")");
  else if (list.some((w) => w.includes("stack"))) fixes.push(`Pass the address of a variable, of packet bytes or of a map's value${got === "scalar" || got === "inv" ? ", not a number" : ""}`);
  else if (/sock/.test(wanted)) fixes.push("Pass a socket: from the context, or from a lookup helper and checked for NULL");
  else if (wanted === "scalar") fixes.push("Pass a number");
  else fixes.push(`Pass ${list.slice(0, 3).join(" or ")}`);
  if ((got === "scalar" || got === "inv") && c.reg(n)?.varOff.mask === 0n && c.reg(n)?.varOff.value === 0n) fixes.push(`${call}() does not take NULL here`);
  return {
    title: `Argument ${n} of ${call}() is of another kind`, registers: [n],
    reason: `${call}() takes ${list.length > 4 ? `${list.slice(0, 4).join(", ")} or the like` : list.join(" or ")} as argument ${n}; ${c.who(n)} is ${typeWords(got)}.`, fixes,
  };
}
const MAP_KINDS = ["unspec", "hash", "array", "prog_array", "perf_event_array", "percpu_hash", "percpu_array", "stack_trace", "cgroup_array", "lru_hash", "lru_percpu_hash", "lpm_trie", "array_of_maps", "hash_of_maps", "devmap", "sockmap", "cpumap", "xskmap", "sockhash", "cgroup_storage", "reuseport_sockarray", "percpu_cgroup_storage", "queue", "stack", "sk_storage", "devmap_hash", "struct_ops", "ringbuf", "inode_storage", "task_storage", "bloom_filter", "user_ringbuf", "cgrp_storage", "arena", "insn_array"];

function badArgs(c: Case, name: string): Told {
  const why = c.lines.slice(0, -1).reverse().find((l) => /^(?:arg#\d+|R\d+|Arg|Caller|.* expected)/.test(l)) ?? c.lines.at(-2) ?? "";
  const arg = Number(/arg#(\d+)/.exec(why)?.[1] ?? Number(/R(\d+)/.exec(why)?.[1] ?? 0) - 1);
  return {
    title: `The arguments do not fit ${name}()`, registers: arg >= 0 && arg < 5 ? [arg + 1] : [],
    reason: `${name}() is a global function: it is verified by itself, from its BTF prototype alone, so every caller must pass exactly what that says.${why ? ` Here: ${why.trim()}.` : ""}`,
    fixes: [
      ...(arg >= 0 && arg < 5 ? [`Pass what the prototype says as argument ${arg + 1}${/null|NULL/.test(why) ? " (check it for NULL first, or tag the parameter __arg_nullable)" : ""}`] : []),
      `Or make ${name} static: it is then verified with what each caller really passes`,
      "Or tag the parameter: __arg_ctx, __arg_nonnull, __arg_trusted, __arg_dynptr",
    ],
  };
}

export const CALLS: readonly Family[] = [
  family("call-unresolved", "check_helper_call", /^invalid func (?:\S+)#(-?\d+)$/, (c, m) => unresolved(c, m[1]!)),
  family("call-not-allowed", "check_helper_call", /^(?:program of this type cannot use helper|unknown func) (\w+)#\d+$/, (c, m) => notForType(c, m[1]!)),
  family("call-not-allowed", "check_kfunc_call", /^calling kernel function (\S+) is not allowed$/, (c, m) => ({ title: `${m[1]}() is not for programs of this type`, reason: `Linux ${c.env.kernel.name} has the kfunc ${m[1]}, but a program of type ${program(c)} may not call it.`, fixes: ["Call it from a program type it is registered for", "Use a helper of this type that does the same"] })),
  family("call-not-allowed", "check_helper_call", /^helper call is not allowed in probe$/, (c) => ({ title: `${c.call?.name ?? "The helper"}() is not allowed here`, reason: `${c.call?.name ?? "The helper"}() may be called by this type of program only from certain functions or hooks, and this is none of them.`, fixes: ["Attach to one of the functions the helper allows", "Use another helper"] })),
  family("call-gpl", "check_helper_call", /^cannot call (?:GPL-restricted function|kernel function) from non-GPL compatible program$/, (c) => ({ title: "The program's licence does not allow this call", reason: `${c.call?.name ?? "The function"}() is for programs with a licence compatible with the GPL; this one says "${c.env.prog.license}".`, fixes: ["Declare it, if that is true of your program: `char LICENSE[] SEC(\"license\") = \"GPL\";`", "Or do without the call"] })),
  family("call-sleeps", "check_helper_call", /^sleepable helper (\w+)#\d+ in (.*)$/, (_c, m) => ({ title: `${m[1]}() may sleep, and here nothing may`, reason: `${m[1]}() may sleep; it is called in ${m[2]!.replace("prog", "program")}.`, fixes: [m[2]!.includes("region") ? "Leave the section before the call" : "Make the program sleepable: `.s` in its section (lsm.s/, fentry.s/, iter.s/, uprobe.s/ …)", "Or use a helper that does not sleep"] })),
  family("call-sleeps", "check_kfunc_call", /^(?:program must be sleepable to call sleepable kfunc (\S+)|kernel func (\S+) is sleepable within (.*))$/, (_c, m) => ({ title: `${m[1] ?? m[2]}() may sleep, and here nothing may`, reason: m[1] ? `${m[1]}() may sleep, and this program is not sleepable (or runs in a callback that is not).` : `${m[2]}() may sleep; it is called within ${m[3]}.`, fixes: [m[1] ? "Make the program sleepable: `.s` in its section (lsm.s/, fentry.s/, syscall …)" : "Leave the section before the call", "Or use a variant that does not sleep"] })),
  fixed("call-sleeps", "check_helper_call", /^helper call might sleep in a non-sleepable prog$/, "The call may sleep, and here nothing may", "The helper may sleep, and this program (or this section of it) may not.", "Make the program sleepable: `.s` in its section", "Leave the RCU or lock section before the call"),
  family("call-sleeps", "check_helper_call", /^(?:a non-sleepable BPF program context|css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs)$/, (c) => ({ title: "Only sleepable programs may do this", reason: `${c.call?.name ?? "The call"}() may be called in programs that may sleep${c.message.startsWith("css") ? " (and in bpf_lsm and bpf_iter programs)" : ""}; this one may not.`, fixes: ["Make the program sleepable: `.s` in its section", "Or use an iterator or function that does not sleep"] })),
  family("call-sleeps", "check_func_call", /^sleepable global function (\S+)\(\) called in (.*)$/, (_c, m) => ({ title: `${m[1]}() may sleep, and here nothing may`, reason: `The global function ${m[1]}() calls something that may sleep; it is called in ${m[2]}.`, fixes: ["Call it outside of the section", "Or make it static and keep sleeping calls off this path"] })),
  family("argument-type", "check_reg_type", /^R(\d+) type=(\S+) expected=(.+)$/, (c, m) => wrongType(c, Number(m[1]), m[2]!, m[3]!)),
  family("argument-type", "check_reg_type", /^R(\d+) is of type (\S+) but (\S+) is expected$/, (c, m) => ({ title: `Argument ${m[1]} of ${c.call?.name ?? "the call"}() is another structure`, registers: [Number(m[1])], reason: `${c.call?.name ?? "The call"}() takes a pointer to struct ${m[3]}; ${c.who(Number(m[1]))} points to struct ${m[2]}.`, fixes: [`Pass a pointer to struct ${m[3]}`, `Reach struct ${m[3]} from struct ${m[2]} through its members, where it has one`] })),
  family("argument-type", "check_reg_type", /^(\S+)\(\) may write into memory pointed by R(\d+) type=(\S+)$/, (c, m) => ({ title: `${m[1]}() would write into a kernel object`, registers: [Number(m[2])], reason: `${m[1]}() may write to where ${c.who(Number(m[2]))} points, and that is ${typeWords(m[3]!)}, which programs may not change this way.`, fixes: ["Pass the address of a variable, or memory of a map's value, for the result"] })),
  family("argument-type", "check_special_kfunc", /^(?:kfunc (bpf_rdonly_cast)|(bpf_obj_new\/bpf_percpu_obj_new|bpf_percpu_obj_new)|(local)) type (?:ID argument must (.*)|size \((\d+)\) is greater than (\d+))$/, (c, m) => ({ title: `${c.call?.name ?? "The call"}() cannot make this type`, registers: [1], reason: m[5] ? `The type has ${m[5]} bytes; ${m[6]} is the most.` : `The type whose BTF id is passed must ${m[4]}.`, fixes: ["Pass bpf_core_type_id_local(struct x) of a structure that the program defines (bpf_obj_new(struct x) does)", ...(m[5] ? [`Use a structure of ${m[6]} bytes or less`] : [])] })),
  family("call-not-allowed", "bpf_dev_bound_kfunc_check", /^metadata kfuncs (?:require device-bound program|can't be offloaded)$/, (c) => ({ title: "Packet metadata needs a program bound to a device", reason: `${c.call?.name ?? "The kfunc"}() is answered by a network driver, so the program must be loaded for one device.`, fixes: ["Load the program with BPF_F_XDP_DEV_BOUND_ONLY and the interface's index (bpf_program__set_ifindex())"] })),
  family("call-not-allowed", "check_kfunc_call", /^(\S+) cannot be used in tracing programs on types with NMI unsafe fields$/, (_c, m) => ({ title: `${m[1]}() is not possible for this type here`, reason: "The object has fields (kptrs, timers …) that cannot be freed where a tracing program may run, within an NMI.", fixes: ["Do it in another type of program", "Use a type without such fields"] })),
  family("argument-type", "process_kf_arg_ptr_to_btf_id", /^kernel function (\S+) (?:args#(\d+)|R(\d+)) expected pointer to (\S+) (\S+)(?: but R(\d+) has a pointer to (\S+) (\S+))?$/, (c, m) => {
    const n = Number(m[6] ?? m[3] ?? Number(m[2]) + 1);
    return { title: `Argument ${n} of ${m[1]}() is another structure`, registers: [n], reason: `${m[1]}() takes a pointer to struct ${m[5]}; ${c.who(n)} ${m[8] ? `points to struct ${m[8]}` : `is ${typeWords(c.typeOf(n))}`}.`, fixes: [`Pass a pointer to struct ${m[5]}`, m[8] ? `Where struct ${m[8]} contains it, pass the address of that member (&p->member)` : "Get the object from a kfunc, an argument of the hook, or a trusted pointer"] };
  }),
  family("argument-type", "check_kfunc_args", /^R(\d+) is (\S+) expected (\S+) (\S+)(?: or (.*))?$/, (c, m) => ({ title: "The argument is of another kind", registers: [Number(m[1])], reason: `${c.call?.name ?? "The call"}() takes a pointer to struct ${m[4]} as argument ${m[1]}; ${c.who(Number(m[1]))} is ${typeWords(m[2]!)}.`, fixes: [`Pass a pointer to struct ${m[4]} that the kernel gave`] })),
  family("argument-type", "check_kfunc_args", /^(?:arg#(\d+)|R(\d+)) (?:expected|doesn't point to|is neither|isn't|is not a pointer to) ?(.*)$/, (c, m) => {
    const n = m[2] !== undefined ? Number(m[2]) : Number(m[1]) + 1;
    return { title: "The argument is of another kind", registers: [n], reason: `${c.call?.name ?? "The call"}() needs argument ${n} to be ${article(m[3]!.replace(/^an? /, ""))}; ${c.who(n)} is ${typeWords(c.typeOf(n))}.`, fixes: [`Pass ${article(m[3]!.replace(/^an? /, ""))}`] };
  }),
  family("argument-type", "get_kfunc_arg_type", /^(?:arg#(\d+)|R(\d+)) (?:reference type\('(.*?) ?'\) size cannot be determined: -?\d+|pointer type (\S+) (\S*) ?must point to (?:void, )?scalar, or struct with scalar)$/, (c, m) => {
    const n = m[2] !== undefined ? Number(m[2]) : Number(m[1]) + 1;
    return {
      title: `The type of argument ${n} cannot be checked`, registers: [n],
      reason: m[3] !== undefined ? `The size of what argument ${n} points to (${m[3]}) is not in BTF, so the memory behind it cannot be checked.` : `Argument ${n} is a pointer to struct ${m[5]}, and ${c.who(n)} is ${typeWords(c.typeOf(n))}: only structures of plain numbers can be passed as memory.`,
      fixes: [m[3] !== undefined ? "Use a complete type: define the structure, or pass a void pointer with a size" : `Pass a pointer to struct ${m[5]} that the kernel gave, or a structure of plain numbers`],
    };
  }),
  family("argument-type", "check_kfunc_args", /^arg#(\d+) pointer type STRUCT bpf_dynptr_kern (.*)$/, (_c, m) => ({ title: "A dynptr is needed", reason: `Argument ${Number(m[1]) + 1} has to be a dynptr: ${m[2]}.`, fixes: ["Pass the address of a dynptr on the stack that a helper (bpf_dynptr_from_mem(), bpf_ringbuf_reserve_dynptr() …) initialised"], registers: [Number(m[1]) + 1] })),
  family("map-and-helper", "check_map_func_compatibility", /^cannot pass map_type (\d+) into func (\w+)#\d+$/, (c, m) => {
    const kind = MAP_KINDS[Number(m[1])] ?? `type ${m[1]}`;
    return { title: `${m[2]}() does not take this kind of map`, registers: [1], reason: `${c.who(1)} is a map of type ${kind}, and ${m[2]}() works on other kinds only.`, fixes: [`Use the helper made for maps of type ${kind}`, "Or give the map a type that the helper takes"] };
  }),
  fixed("map-and-helper", "check_map_func_compatibility", /^mixing of tail_calls and bpf-to-bpf calls is not supported$/, "Tail calls and functions cannot be mixed here", "This kernel does not support bpf_tail_call() in a program with functions of its own.", "Inline the functions (static __always_inline)", "Or leave the tail call out"),
  fixed("map-and-helper", "record_func_key", /^expected prog array map for tail call/, "bpf_tail_call() needs a program array", "The map passed is no BPF_MAP_TYPE_PROG_ARRAY.", "Pass a map of type BPF_MAP_TYPE_PROG_ARRAY"),
  fixed("map-and-helper", "may_update_sockmap", /^cannot update sockmap in this context$/, "Socket maps cannot be changed here", "Programs of this type run where a socket map must not change.", "Change the map from a type that may (sockops, tc, socket filter …), or from user space"),
  family("map-and-helper", "record_func_map", /^(?:write into map forbidden|expected map for helper call)$/, (c) => ({ title: "The map is read-only for programs", registers: [1], reason: `${c.call?.name ?? "The helper"}() would change ${c.who(1)}, which programs may only read.`, fixes: ["Create the map without BPF_F_RDONLY_PROG, or change it from user space"] })),
  family("global-function", "check_func_call", /^Caller passes invalid args into func#(\d+)(?: \('([^']+)'\))?$/, (c, m) => badArgs(c, m[2] ?? c.env.subprogs[Number(m[1])]?.name ?? `func#${m[1]}`)),
  family("global-function", "btf_prepare_func_args", /^Arg#(\d+) type (\S+) in (\S+?)\(\) is not supported yet\.$/, (_c, m) => ({ title: `A parameter of ${m[3]}() has a type that global functions cannot have`, reason: `Parameter ${Number(m[1]) + 1} of the global function ${m[3]}() is of kind ${m[2]}; this kernel takes numbers, pointers to memory of known size and the context.`, fixes: [`Make ${m[3]} static: then any type will do`, "Or pass a pointer to a structure of known size", "A newer kernel takes tagged parameters (__arg_trusted, __arg_nullable)"] })),
  family("global-function", "btf_prepare_func_args", /^(?:Global function (\S+?)\(\) (?:doesn't return scalar|return value not|returns).*|Func#\d+ .*)$/, (_c, m) => ({ title: `${m[1] ?? "The function"}() has to return a number`, reason: `Global functions are verified by their prototype, and only numbers ${/void/.test(m[0]) ? "(or nothing) " : ""}can be returned.`, fixes: ["Return an int", "Or make the function static, unless it is used as an exception callback"] })),
  family("global-function", "btf_prepare_func_args", /^arg#(\d+) (?:reference type|type|has|with|cannot|untrusted|trusted|arena|nullable|invalid|'|unrecognized|tag)(.*)$/, (_c, m) => ({ title: `Parameter ${Number(m[1]) + 1} of a global function cannot be checked`, reason: `The parameter's type or tags do not go together:${m[2]}.`, fixes: ["Make the function static", "Or change the parameter's type or tags so that it can be checked by itself"] })),
  fixed("string-argument", "check_arg_const_str", /^R\d+ does not point to a readonly map'?$/, "The string has to be read-only", "The format string (or pattern) must lie in read-only memory, so that it cannot change after it was checked.", "Use a string literal with `static const char fmt[] = \"…\";` (it goes to .rodata)"),
  fixed("string-argument", "check_arg_const_str", /^(?:R\d+ is not a constant address'?|string is not zero-terminated|no direct value access support for this map type|direct value access on string failed)$/, "The string cannot be read by the verifier", "The string must stand at a constant place in a read-only map and end in a zero byte.", "Use `static const char fmt[] = \"…\";` and pass it as it is"),
  fixed("format-string", "check_bpf_snprintf_call", /^Invalid format string$/, "The format string is not valid", "It holds a conversion that bpf_snprintf() does not know, or asks for more arguments than are passed.", "Use %d, %u, %x, %ld, %lld, %p, %s and the like, one argument of 8 bytes each"),
  fixed("callback", "check_ld_imm", /^callback function (?:not static|cannot be the main program)$/, "The callback has to be a static function", "A callback is verified from where it is passed, so it must be a static function of this program.", "Write `static int callback(…)`"),
  fixed("callback", "set_map_elem_callback_state", /^callback function not allowed for map$/, "This map takes no callback", "bpf_for_each_map_elem() works on hash and array maps.", "Use a map of those types"),
  fixed("func-proto", "check_helper_call", /^func \S+ (?:supported only for|not supported for) .*$/, "The helper does not work for this attach type", "The helper needs what only certain attach types have.", "Use it from the attach types named in the message"),
  fixed("call-return", "check_kfunc_call", /^acquire kernel function does not return PTR_TO_BTF_ID$/, "This kfunc cannot be called", "The kfunc acquires an object but does not return a pointer to one.", "Use another kfunc"),
  family("uninitialised-path", "check_kfunc_call", /^unexpected __bpf_trap\(\) due to uninitialized variable\?$/, (c) => ({ title: "The compiler found undefined behaviour here", reason: `clang replaced code that can only be undefined by a call to __bpf_trap(), and a path reaches it at ${c.place(c.at)}.`, fixes: ["Initialise every variable before it is used", "Compile with -Wall and follow its warnings about uninitialised variables and unreachable code"] })),
  fixed("program-state", "bpf_check", /^bpf verifier is misconfigured$/, "The kernel has no verifier for this", "For this program type or access the kernel was built without what its verifier needs; it is a fault of the kernel's configuration, not of the program.", "Use another program type, or a kernel built with the subsystem the program attaches to"),
];
