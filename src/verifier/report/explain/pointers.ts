/** What may be done with a pointer: NULL checks, arithmetic, dereferences of what is none. */
import { type Case, type Family, family, fixed, type Told, typeWords } from "./case.ts";
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
function nullCheck(c: Case, n: number, type: string): Told {
  const from = maker(c, n);
  return {
    title: "Pointer may be NULL", registers: [n],
    reason: `${c.who(n)} is ${typeWords(type)}: ${from.text} may give NULL, and no comparison with NULL stands on this path${c.call ? ` before it is passed to ${c.call.name}()` : " before this access"}.`,
    fixes: [from.text.includes("()") ? `Check the return value of ${from.text} for NULL: \`if (!p) return …;\`` : `Check ${c.means(n) ?? `R${n}`} for NULL before it is used: \`if (!p) return …;\``, "Check the very value that is used: a second call gives another pointer"],
    ...(from.insn !== null ? { related: [c.related(from.insn, "the pointer comes from here")] } : {}),
  };
}
function notMemory(c: Case, n: number, type: string): Told {
  const means = c.means(n);
  const scalar = type === "scalar" || type === "inv";
  if (!scalar) {
    return {
      title: `Loads and stores through ${typeWords(type)} are not possible`, registers: [n], reason: `${c.who(n)} is ${typeWords(type)}, which is not memory that a program may access.`,
      fixes: [type === "map_ptr" ? "Use bpf_map_lookup_elem() to get at a map's values" : type === "pkt_end" ? "data_end is only for comparing: access the packet through data" : type.startsWith("fp") ? "Access the stack through the frame pointer with a constant offset" : "Get at its contents with the helper or kfunc made for it"],
    };
  }
  const known = c.reg(n)?.varOff.mask === 0n;
  const lost = lostPacket(c, n);
  const fixes = lost !== null ? [] : [
    "Pass on the pointer itself: a pointer that went through arithmetic the verifier cannot follow, or through memory in parts, is a number afterwards",
    "To read kernel memory at an address, use bpf_probe_read_kernel() or bpf_core_read()",
  ];
  if (lost === null && means !== null && /->|\*\(/.test(means)) fixes.unshift(`${means} is a number for the verifier: read what it points to with bpf_probe_read_kernel() or bpf_core_read()`);
  if (known && c.reg(n)!.varOff.value === 0n) fixes.unshift("The pointer is NULL on this path: leave before the access when it is");
  if (lost !== null) fixes.unshift(`Read data and data_end from the context again after ${lost}, and compare again: the call may move the packet`);
  return {
    title: known && c.reg(n)!.varOff.value === 0n ? "NULL is dereferenced" : "A number is used as a pointer", registers: [n],
    reason: `${c.who(n)} is ${known ? `the number ${c.range(n)}` : `a number (${c.what(n)})`} at this point, not a pointer to memory that a program may access.${lost === null ? "" : ` It was a packet pointer before ${lost}.`}`, fixes,
  };
}
const CHANGES_PACKET = /^bpf_(?:skb_(?:store_bytes|vlan_push|vlan_pop|change_\w+|pull_data|adjust_room)|xdp_adjust_\w+|l[34]_csum_replace|clone_redirect|msg_(?:pull|push|pop)_data|lwt_\w+|tail_call|store_hdr_opt|reserve_hdr_opt)$/;
/** A call between the pointer's making and here that may have moved the packet: its name and place. */
function lostPacket(c: Case, n: number): string | null {
  if (!c.way || !/data/.test(c.means(n) ?? "")) return null;
  const def = c.way.define(n, c.way.now());
  for (let m = c.way.now(), i = 0; i < 2000; i++) {
    const prev = c.way.back(m);
    if (!prev || (def.kind === "insn" && prev.at.pos === def.at.pos)) return null;
    const call = c.callAt(prev.at.pos);
    if (call && CHANGES_PACKET.test(call.name)) return `${call.name}() at ${c.place(prev.at.pos)}`;
    m = prev.at;
  }
  return null;
}
function unread(c: Case, n: number): Told {
  const def = c.way?.define(n, c.way.now());
  const writer = def?.kind === "insn" ? def.at.pos : null;
  const call = writer !== null ? c.callAt(writer) : null;
  const exit = c.env.insns[c.at]?.code === 0x95;
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
    fixes: [n === 0 ? "Write R0 before it is read" : c.call && n <= 5 ? `Pass argument ${n} to ${c.call.name}()` : `Initialise the variable on every path that leads here (R${n})`, "A variable that is used uninitialised is the usual cause: compile with -Wall"],
  };
}
function modified(c: Case, type: string, n: number, off: string, what: string): Told {
  const ctx = type === "ctx";
  return {
    title: ctx ? "The context is used at an offset" : "The pointer was moved from its start", registers: [n],
    reason: `${c.who(n)} is ${typeWords(type)} ${what === "variable" ? `at an offset that is not a constant (${off})` : `moved by ${off}`}; here it has to be used as it was given.`,
    fixes: [
      ctx ? "Access the context with its own pointer and a constant offset in the instruction (`ctx->field`), never through a pointer that was computed from it" : "Use the pointer as it was given",
      ...(ctx ? ["Where the compiler does this, read the fields into variables right at the start, or mark the accesses volatile"] : c.call ? [`Pass the start of the object to ${c.call.name}()`] : ["Put the offset into the load or store itself"]),
    ],
  };
}

const OPERATOR: Readonly<Record<string, string>> = { "&=": "and", "|=": "or", "^=": "xor", "/=": "division", "%=": "remainder", "*=": "multiplication", "<<=": "shift", ">>=": "shift", "s>>=": "shift" };

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
  family("modified-pointer", "__check_ptr_off_reg", /^variable (\S+) access var_off=(.*?) disallowed$/, (c, m) => modified(c, m[1]!, c.access?.base ?? 1, m[2]!, "variable")),
  family("modified-pointer", "__check_func_arg_reg_off", /^R(\d+) must have zero offset when passed to release func or trusted arg to kfunc$/, (c, m) => modified(c, c.typeOf(Number(m[1])), Number(m[1]), "an offset", "fixed")),
  family("pointer-arithmetic", "check_reg_sane_offset_scalar", /^math between (\S+) pointer and register with unbounded min value is not allowed$/, (c, m) => {
    const n = c.numberOperand();
    return {
      title: "The number added to the pointer may be very negative", registers: c.insn ? [c.insn.dst, c.insn.src] : [],
      reason: `${c.who(n)} is ${c.range(n)} and is added to ${typeWords(m[1]!)}; numbers below −2²⁹ are not followed.`,
      fixes: ["Make the index unsigned and bound it before it is added: `if (index > MAX) return …;`", "Or check its lower end: `if (index < 0) return …;`", "Or mask it: `index &= 0xff;`"],
    };
  }),
  family("pointer-arithmetic", "check_reg_sane_offset_scalar", /^math between (\S+) pointer and (-?\d+) is not allowed$/, (c, m) => ({
    title: "The pointer would leave what can be followed", registers: c.insn ? [c.insn.dst] : [], reason: `${m[2]} is added to ${typeWords(m[1]!)}; only numbers between −2²⁹ and 2²⁹ are followed.`, fixes: [`Add less: ${m[2]} lies outside −536870911 … 536870911`],
  })),
  family("pointer-arithmetic", "check_reg_sane_offset_scalar", /^value (-?\d+) makes (\S+) pointer be out of bounds$/, (c, m) => ({
    title: "The pointer would leave what can be followed", registers: c.insn ? [c.insn.dst] : [], reason: `The number subtracted or added (${m[1]}) takes ${typeWords(m[2]!)} out of −2²⁹ … 2²⁹.`, fixes: ["Bound the number before it is added"],
  })),
  family("pointer-arithmetic", "check_reg_sane_offset_ptr", /^(\S+) pointer offset (-?\d+) is not allowed$/, (c, m) => ({
    title: "The pointer's offset is too large", registers: c.insn ? [c.insn.dst] : [], reason: `After this instruction ${typeWords(m[1]!)} would be ${m[2]} away from its start; only −2²⁹ … 2²⁹ is followed.`, fixes: ["Keep the offset within −536870911 … 536870911", "Where the offset is a variable, bound it first"],
  })),
  family("pointer-arithmetic", "adjust_ptr_min_max_vals", /^R(\d+) tried to subtract pointer from scalar$/, (c, m) => ({ title: "A pointer is subtracted from a number", registers: [Number(m[1])], reason: `${c.expression} would subtract a pointer from a number, which gives nothing that could be accessed.`, fixes: ["Subtract in the other order: pointer − number", "The distance of two pointers is pointer − pointer"] })),
  family("pointer-arithmetic", "adjust_reg_min_max_vals", /^R(\d+) pointer (\S+) pointer prohibited$/, (c, m) => ({ title: "Two pointers are combined", registers: c.insn ? [c.insn.dst, c.insn.src] : [], reason: `${c.who(Number(m[1]))} and ${c.insn ? c.who(c.insn.src) : "the other operand"} are both pointers; \`${m[2]}\` of two pointers gives no pointer.`, fixes: ["Add a number to a pointer, not a pointer", ...(m[2] === "-=" ? [] : ["For a distance, subtract one from the other"])] })),
  family("pointer-arithmetic", "adjust_ptr_min_max_vals", /^R(\d+) pointer arithmetic on (\S+) prohibited$/, (c, m) => ({
    title: `Nothing can be added to ${typeWords(m[2]!)}`, registers: [Number(m[1])], reason: `${c.expression} computes with ${c.who(Number(m[1]))}, ${typeWords(m[2]!)}; pointers of this kind stay as they are.`,
    fixes: [m[2] === "pkt_end" ? "Compute with data and compare the sum with data_end" : m[2] === "ctx" ? "Access the context with constant offsets in loads and stores" : m[2] === "map_ptr" ? "Use the map only as an argument of helpers" : "Access its members with constant offsets in loads and stores"],
  })),
  family("pointer-arithmetic", "adjust_ptr_min_max_vals", /^R(\d+) subtraction from stack pointer prohibited$/, (_c, m) => ({ title: "Subtraction from a stack pointer", reason: `R${m[1]} points to the stack; a number may be added to it, but not a variable subtracted from it.`, fixes: ["Add a negative constant, or index from the buffer's start"], registers: [Number(m[1])] })),
  family("pointer-arithmetic", "adjust_ptr_min_max_vals", /^R(\d+) bitwise operator (\S+) on pointer prohibited$/, (c, m) => ({ title: `Bitwise ${OPERATOR[m[2]!] ?? m[2]} on a pointer`, registers: [Number(m[1])], reason: `${c.expression} changes bits of ${c.who(Number(m[1]))}; afterwards it would be no pointer.`, fixes: ["Mask the index before it is added to the pointer", "Align with arithmetic on offsets, not on pointers"] })),
  family("pointer-arithmetic", "adjust_ptr_min_max_vals", /^R(\d+) pointer arithmetic with (\S+) operator prohibited$/, (c, m) => ({ title: `${OPERATOR[m[2]!] ? `A ${OPERATOR[m[2]!]}` : m[2]} on a pointer`, registers: [Number(m[1])], reason: `\`${m[2]}\` on ${c.who(Number(m[1]))} gives no pointer; only addition and subtraction do.`, fixes: ["Compute the offset first and add it to the pointer"] })),
  family("pointer-arithmetic", "adjust_ptr_min_max_vals", /^R(\d+) 32-bit pointer arithmetic prohibited$/, (c, m) => ({ title: "Arithmetic on half a pointer", registers: [Number(m[1])], reason: `The 32-bit instruction would cut ${c.who(Number(m[1]))} in half.`, fixes: ["Use 64-bit types for what is added to pointers (long, __u64)"] })),
  family("pointer-arithmetic", "check_alu_op", /^R(\d+) (?:pointer arithmetic prohibited|partial copy of pointer|sign-extension part of pointer)$/, (c, m) => ({ title: "A pointer is cut or negated", registers: [Number(m[1])], reason: `${c.expression} would make a number of ${c.who(Number(m[1]))}, which programs of this privilege may not see.`, fixes: ["Keep pointers in 64-bit variables and only add to them"] })),
  family("pointer-compare", "check_cond_jmp_op", /^R(\d+) pointer comparison prohibited$/, (c, m) => ({ title: "Pointers are compared", registers: [Number(m[1])], reason: `${c.who(Number(m[1]))} is a pointer; a program without CAP_PERFMON may compare pointers only with NULL or with the packet's end.`, fixes: ["Compare with NULL, or packet pointers with data_end", "Load the program with CAP_PERFMON"] })),
  family("pointer-leak", "check_mem_access", /^R(\d+) leaks addr (?:into|as|to) (.*)$/, (c, m) => ({ title: "An address would leak", registers: [Number(m[1])], reason: `${c.who(Number(m[1]))} is an address and would become visible: ${m[2]}.`, fixes: ["Store or return numbers only", "Load the program with CAP_PERFMON"] })),
  family("two-kinds", "save_aux_ptr_type", /^same insn cannot be used with different pointers$/, (c) => ({
    title: "One instruction, two kinds of pointers", registers: c.access ? [c.access.base] : [],
    reason: `On another path this very instruction accessed another kind of memory than ${c.access ? `${c.who(c.access.base)}, ${typeWords(c.typeOf(c.access.base))}` : "now"}; the kernel rewrites such accesses, and one instruction can be rewritten in one way only.`,
    fixes: ["Access each kind of pointer in a branch of its own", "Keep the compiler from joining the branches: put `barrier_var(p)` or an empty asm volatile into one of them"],
  })),
  fixed("two-kinds", "adjust_reg_min_max_vals", /^same insn cannot be used with and without arena pointer$/, "One instruction, with and without an arena pointer", "On another path this very instruction computed with a pointer of the other kind, and arena pointers are computed in 32 bits.", "Compute with arena pointers in a branch of their own", "Keep the compiler from joining the branches with an empty asm volatile"),
];
