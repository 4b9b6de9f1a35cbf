/** Instructions as such: encodings, jumps, what belongs to them in BTF. */
import { BPF_ALU, BPF_ALU64, BPF_JMP, BPF_LDX, BPF_ST, BPF_STX, bpfClass } from "../../../isa/table.ts";
import { type Case, type Family, family, fixed, type Told, typeWords } from "./case.ts";

const linux = (c: Case): string => `Linux ${c.env.kernel.name}`;
function reserved(c: Case, what: string): Told {
  const { insn } = c;
  const cls = insn ? bpfClass(insn.code) : 0;
  const alu = cls === BPF_ALU || cls === BPF_ALU64;
  const byReg = insn ? (insn.code & 8) !== 0 : false;
  const fields: string[] = [];
  if (insn && c.located) {
    const noJump = insn.code === 0x95 || insn.code === 0x05 || insn.code === 0x85 || insn.code === 0x0d;
    if (insn.src !== 0 && (cls === BPF_ST || ((alu || cls === BPF_JMP) && !byReg && insn.code !== 0x85) || insn.code === 0x0d)) fields.push(`src is ${insn.src}`);
    if (insn.dst !== 0 && (insn.code === 0x95 || insn.code === 0x05 || insn.code === 0x85)) fields.push(`dst is ${insn.dst}`);
    if (insn.off !== 0 && (alu || insn.code === 0x95 || insn.code === 0x18 || insn.code === 0x0d)) fields.push(`off is ${insn.off}`);
    if (insn.imm !== 0 && (cls === BPF_LDX || cls === BPF_STX || ((alu || cls === BPF_JMP) && byReg) || insn.code === 0x95 || (noJump && insn.code === 0x05))) fields.push(`imm is ${insn.imm}`);
  }
  const newer = alu && insn?.off !== 0;
  const signed = cls === BPF_LDX && insn !== undefined && (insn.code & 0xe0) === 0x80;
  if (signed && c.located) {
    return { title: "This kernel does not know the instruction", reason: `Instruction ${c.at} is a load that extends the sign (instruction set v4), which ${linux(c)} does not know.`, fixes: ["Compile for an older instruction set: `-mcpu=v3` or lower", "Or use a kernel that has the instruction"] };
  }
  return {
    title: newer ? "This kernel does not know this form of the instruction" : "The instruction has fields set that it does not use",
    reason: `${c.located ? `Instruction ${c.at} (${c.insnText(c.at)})` : what} has fields set that ${what} does not have on ${linux(c)}, where they must be 0${fields.length > 0 ? `: ${fields.join(", ")}` : ""}.`,
    fixes: [
      ...(fields.length > 0 ? [`Set ${fields.map((f) => f.split(" ")[0]).join(" and ")} to 0`] : ["Set the fields that the instruction does not use to 0"]),
      "Or, if the object was compiled for a newer instruction set, compile with `-mcpu=v3` or lower: sign-extending moves and loads and signed division are of v4",
    ],
  };
}
const place = (type: string): string => ({ ctx: "the context", pkt: "the packet", pkt_meta: "the packet's metadata", flow_keys: "the flow keys" })[type] ?? typeWords(type).replace(/^a pointer to /, "");
function atomic(c: Case, kind: string, loads: boolean, n: number, type: string): Told {
  const st = kind === "ST";
  const where = place(type);
  const acquire = c.insn?.imm === 0x100 || c.insn?.imm === 0x110;
  return {
    title: st ? `A constant cannot be stored into ${where} directly` : `${where[0]!.toUpperCase()}${where.slice(1)} cannot be accessed atomically`, registers: [n],
    reason: st ? `${c.expression} stores a constant through ${c.who(n)} in one instruction (BPF_ST), and this kernel takes stores into ${where} from a register only.`
      : `${c.expression} is an atomic ${acquire ? (loads ? "load (load-acquire)" : "store (store-release)") : "operation"} on ${where}, through ${c.who(n)}; atomic operations are possible in plain memory only: a map's value, the stack, an arena.`,
    fixes: st ? ["Put the value into a variable that the compiler cannot see through: `volatile __u32 v = 1; ctx->field = v;`", "Or compile with a compiler that does not use BPF_ST for it (`-mcpu=v3`)"]
      : [`Access ${where} with a plain ${loads ? "load" : "load and store"}`, ...(loads ? [] : ["To count, add atomically to a map's value: `__sync_fetch_and_add(value, 1)`"])],
  };
}
function gotox(c: Case, m: RegExpExecArray): Told {
  const n = m[1] ? Number(m[1]) : null;
  const { message } = c;
  const reason = n !== null ? `The jump goes to the address in ${c.who(n)}, which is ${typeWords(m[2]!)}, not the address of an instruction.`
    : /no jump tables found/.test(message) ? "The function has an indirect jump, and no instruction array (BPF_MAP_TYPE_INSN_ARRAY) of the program lists places in this function: it has no targets that could be checked."
      : /points outside of the subprog/.test(message) ? `A jump table of the program leads out of the function it is used in (${message}).`
        : `The address is taken from outside of its jump table: ${message}.`;
  return {
    title: n !== null ? "An indirect jump goes to something that is no instruction" : "An indirect jump needs a jump table", registers: n !== null ? [n] : [], reason,
    fixes: ["Take the address from an instruction array (BPF_MAP_TYPE_INSN_ARRAY) whose entries lie in this function", ...(/outside of jump table|sum of/.test(message) ? ["Bound the index of the table before the load"] : []), "Or, for switch statements in C, compile with `-fno-jump-tables`"],
  };
}
function fallsOff(c: Case): Told {
  const i = c.env.subprogs.findIndex((s, k) => k < c.env.subprogCnt && ![0x95, 0x05, 0x06, 0x0d].includes(c.env.insns[(c.env.subprogs[k + 1]?.start ?? c.env.insns.length) - 1]?.code ?? 0x95));
  const name = i >= 0 ? c.env.subprogName(i) : "";
  const last = i >= 0 ? (c.env.subprogs[i + 1]?.start ?? c.env.insns.length) - 1 : undefined;
  return {
    title: "A function runs off its end", ...(last === undefined ? {} : { at: last }), reason: `The last instruction of ${name ? `${name}()` : "a function"} has to be an exit or a jump${last === undefined ? "" : `; it is \`${c.insnText(last)}\``}.`,
    fixes: ["Return a value at the end of the function", "If the function does return one: an endless loop or an uninitialised variable is undefined behaviour, and the compiler drops what follows. Compile with -Wall", "After a call that never returns (bpf_throw()) the compiler ends the function: return after it all the same"],
  };
}

export const ENCODING: readonly Family[] = [
  family("jump", "check_subprogs", /^(jump|indirect jump) out of range from insn (\d+) to (-?\d+)$/, (c, m) => ({ title: "The jump leaves its function", at: Number(m[2]), reason: `Instruction ${m[2]} (${c.insnText(Number(m[2]))}) jumps to instruction ${m[3]}, which lies outside of ${Number(m[3]) < 0 || Number(m[3]) >= c.env.insns.length ? "the program" : "the function it stands in"}.`, fixes: ["Jump within the function", ...(m[1] === "jump" ? [] : ["Let the jump table name places in this function only"])] })),
  family("jump", "bpf_check_cfg", /^jump into the middle of ldimm64 insn (\d+)$/, (c, m) => {
    const at = Number(m[1]);
    const from = c.env.insns.findIndex((x, i) => (bpfClass(x.code) === BPF_JMP || bpfClass(x.code) === 6) && x.code !== 0x85 && x.code !== 0x95 && i + 1 + (x.code === 0x06 ? x.imm : x.off) === at + 1);
    return { title: "The jump goes into the middle of an instruction", ...(from >= 0 ? { at: from } : { at }), reason: `Instruction ${at} (${c.insnText(at)}) takes two slots, and ${from >= 0 ? `instruction ${from}` : "a jump"} goes to the second.`, fixes: ["Correct the jump's offset: count such an instruction as two"] };
  }),
  fixed("jump", "add_subprog", /^call to invalid destination$/, "The call goes nowhere", "The function called does not begin within the program.", "Call functions of the same object"),
  fixed("jump", "add_subprog", /^too many subprograms$/, "Too many functions", "A program can have 256 functions.", "Inline small functions (static __always_inline)", "Split the program: tail calls"),
  family("jump", "check_subprogs", /^last insn is not an exit or jmp$/, (c) => fallsOff(c)),
  family("jump", "check_cond_jmp_op", /^invalid BPF_JMP(?:\/JMP32)? opcode (\S+)$/, (c, m) => ({ title: "This kernel does not know the jump", reason: `Jump operation 0x${m[1]} is not one of ${linux(c)}'s.`, fixes: ["Compile for an older instruction set: `-mcpu=v3` or lower", "Or use a newer kernel"] })),
  fixed("jump", "do_check", /^invalid insn idx .*$/, "The program runs off its end", "The path leaves the program's instructions.", "End every path with a return"),
  family("gotox", "check_indirect_jump", /^(?:R(\d+) has type (\S+), expected PTR_TO_INSN|no jump tables found for subprog starting at (\d+)|jump table for insn (\d+) points outside of the subprog \[\d+,\d+\]|R\d+ points to outside of jump table.*|the sum of R\d+ .*|register R\d+ doesn't point to any offset in map id=\d+)$/, (c, m) => gotox(c, m)),
  family("encoding", "check_insn_fields", /^(BPF_\S+) uses reserved fields$/, (c, m) => reserved(c, m[1]!)),
  family("encoding", "check_and_resolve_insns", /^unknown opcode (\w+)$/, (c, m) => ({ title: "This kernel does not know the instruction", reason: `Opcode 0x${m[1]}${c.located ? ` (instruction ${c.at})` : ""} is none of ${linux(c)}'s.`, fixes: ["Compile for an older instruction set: `-mcpu=v3`, `v2` or `v1`", "Or use a kernel that has the instruction"] })),
  family("encoding", "check_and_resolve_insns", /^(?:(?:invalid|unrecognized) (?:bpf_ld_imm\d+|BPF_LD_IMM|BPF_LD) insn|invalid BPF_LD mode|BPF_LD_IMM64 uses reserved fields|invalid (?:BPF_ALU|may_goto) .*|unknown insn class .*|addr_space_cast insn .*|BPF_ATOMIC uses invalid atomic opcode .*|invalid atomic operand size)$/, (c) => ({ title: "The instruction is not well formed", reason: `${c.located ? `Instruction ${c.at} (${c.insnText(c.at)}): its` : "An instruction's"} fields do not make one that ${linux(c)} knows: ${c.message}.`, fixes: ["Hand-made instructions: compare with RFC 9669", "A compiled object: compile for an older instruction set (`-mcpu=v3` or lower), or use a newer kernel"] })),
  family("encoding", "check_atomic_rmw", /^BPF_(ATOMIC|XADD|ST) (stores into|loads from) R(\d+) (\S+) is not allowed$/, (c, m) => atomic(c, m[1]!, m[2] === "loads from", Number(m[3]), m[4]!)),
  fixed("encoding", "bpf_convert_ctx_accesses", /^sign extending loads from arena are not supported yet$/, "Arenas cannot be read with sign extension", "A sign-extending load (instruction set v4) through an arena pointer is not possible in this kernel.", "Load unsigned and convert afterwards: `(int)(unsigned)x`", "Or compile with `-mcpu=v3`"),
  fixed("btf", "check_btf_func", /^(?:number of funcs in func_info doesn't match number of subprogs|func_info BTF section doesn't match subprog layout in BPF program|.*func_info.*|.*func info.*)$/, "BTF and program disagree about functions", "The func_info of the program has to name exactly the functions that its calls reach, each at its first instruction.", "Build program and BTF together: compile with -g and load with a loader that relocates func_info (libbpf does)", "Functions in assembly or added by hand need an entry each"),
  fixed("btf", "check_btf_line", /^.*line_info.*$/, "The line information is broken", "Line records must go upwards, lie within the program and cover each function's first instruction.", "Build program and BTF together (-g), and do not edit one without the other"),
  family("btf", "check_btf_func", /^(LD_ABS|tail_call) is only allowed in functions that return 'int'\.$/, (c, m) => {
    const i = c.env.subprogs.findIndex((s, k) => k > 0 && k < c.env.subprogCnt && (m[1] === "LD_ABS" ? s.hasLdAbs : s.hasTailCall));
    const name = i > 0 ? c.env.subprogName(i) : "";
    const what = m[1] === "LD_ABS" ? "Loads of the old style (BPF_LD_ABS, BPF_LD_IND)" : "bpf_tail_call()";
    return { title: "The function has to return int", ...(i > 0 ? { at: c.env.subprogs[i]!.start } : {}), reason: `${what} in ${name ? `${name}()` : "a function of the program"} may end the function with 0 in the return value's place, so it has to return an int.`, fixes: [`Declare ${name ? `${name}()` : "the function"} with return type int`, `Or do it in the program's main function`] };
  }),
  family("ld-abs", "check_ld_abs", /^(?:BPF_LD_\[ABS\|IND\] instructions not allowed for this program type|cannot use BPF_LD_\[ABS\|IND\] within callback|LD_ABS is not allowed in subprogs without BTF|.*R6 != pointer to skb)$/, (c) => ({
    title: "Loads of the old style are not possible here",
    reason: /R6/.test(c.message) ? `BPF_LD_ABS and BPF_LD_IND read from the socket buffer whose context is in R6; ${c.reg(6) ? c.who(6) : "R6"} is not the context.` : /callback/.test(c.message) ? "BPF_LD_ABS and BPF_LD_IND may end the program, which a callback must not." : /program type/.test(c.message) ? `BPF_LD_ABS and BPF_LD_IND read from a socket buffer, which programs of type ${c.env.prog.type} do not have.` : "BPF_LD_ABS and BPF_LD_IND may end the function, so its return type has to be known.",
    fixes: ["Use bpf_skb_load_bytes() where the type has it, or packet pointers with a bounds check"], ...(/R6/.test(c.message) ? { registers: [6] } : {}),
  })),
  fixed("limit", "analyze_subprog", /^liveness analysis exceeded complexity limit \(\d+ calls\)$/, "Too many functions within functions", "Working out which stack slots are used took too many steps: functions call functions with pointers to the stack along too many ways.", "Pass fewer pointers to local variables from function to function", "Or make the functions global (not static): each is looked at once"),
  fixed("invariant", "reg_bounds_sanity_check", /^(?:verifier bug: )?REG INVARIANTS VIOLATION/, "The verifier contradicts itself", "It derived bounds that no value satisfies; the program asked for this to be an error (BPF_F_TEST_REG_INVARIANTS).", "Load without that flag", "Or simplify the comparisons before this instruction"),
];
