/** The shape of the program: loops, limits, instructions nobody reaches, encodings, and its BTF. */
import { BPF_ALU, BPF_ALU64, BPF_JMP, BPF_LDX, BPF_STX, bpfClass } from "../../../isa/table.ts";
import { type Case, type Family, family, fixed, plural, type Told } from "./case.ts";

/** The jump back of the loop that was walked most, and how often. */
function busiest(c: Case): { head: number; from: number; visits: number } | null {
  const { visits, insns } = c.env;
  let best: { head: number; from: number; visits: number } | null = null;
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i]!;
    const cls = bpfClass(insn.code);
    if ((cls !== BPF_JMP && cls !== 6) || insn.code === 0x85 || insn.code === 0x95) continue;
    const to = i + 1 + (insn.code === 0x06 ? insn.imm : insn.off);
    if (to > i || to < 0) continue;
    if (!best || visits[i]! > best.visits) best = { head: to, from: i, visits: visits[i]! };
  }
  return best && best.visits > 1 ? best : null;
}
function tooLarge(c: Case): Told {
  const loop = busiest(c);
  const processed = c.env.insnProcessed - 1;
  const paths = c.env.pathGen;
  const looped = loop !== null && loop.visits > 200;
  return {
    title: "Too many instructions to walk", registers: [],
    reason: `The verifier walked ${processed.toLocaleString("en")} instructions over ${paths <= 0 ? "one path" : `${(paths + 1).toLocaleString("en")} paths`} without coming to an end; ${c.env.insnLimit.toLocaleString("en")} is its limit.${looped ? ` The jump back at ${c.place(loop.from)} to ${c.place(loop.head)} was taken into account ${loop.visits.toLocaleString("en")} times: each round that differs from all before is walked anew.` : ""}`,
    fixes: [
      ...(looped ? [`Make fewer rounds of the loop at ${c.place(loop.head)}, or let the verifier walk it once: bpf_loop() with a callback, or bpf_for(), whose body is judged for all rounds together`] : ["Split the program: tail calls, or global functions, which are judged once by themselves and not at every call"]),
      "Forget what need not be known: values that differ from round to round (counters, sums) keep states apart; a value read back from a map or hidden with barrier_var() does not",
      ...(looped ? ["Or split the work: tail calls, or global functions, which are judged once by themselves"] : ["Fewer branches in a row: each doubles the number of paths until they meet again"]),
    ],
    ...(loop ? { related: [c.related(loop.head, `the loop begins here (${loop.visits.toLocaleString("en")} visits)`)] } : {}),
  };
}
function reserved(c: Case, what: string): Told {
  const { insn } = c;
  const cls = insn ? bpfClass(insn.code) : 0;
  const fields: string[] = [];
  if (insn) {
    if (insn.src !== 0 && (cls === 2 || ((cls === BPF_ALU || cls === BPF_ALU64 || cls === BPF_JMP) && (insn.code & 8) === 0))) fields.push(`src is ${insn.src}`);
    if (insn.dst !== 0 && (insn.code === 0x95 || insn.code === 0x05 || insn.code === 0x85)) fields.push(`dst is ${insn.dst}`);
    if (insn.off !== 0 && (cls === BPF_ALU || cls === BPF_ALU64 || insn.code === 0x95 || insn.code === 0x18)) fields.push(`off is ${insn.off}`);
    if (insn.imm !== 0 && (cls === BPF_LDX || cls === BPF_STX || ((cls === BPF_ALU || cls === BPF_ALU64 || cls === BPF_JMP) && (insn.code & 8) !== 0) || insn.code === 0x95)) fields.push(`imm is ${insn.imm}`);
  }
  const found = fields.length > 0 ? `; here ${fields.join(", ")}` : "";
  return {
    title: "The instruction has fields set that it does not use", reason: `${what} on Linux ${c.env.kernel.name} leaves fields of this instruction unused, and they must be 0${found}.`,
    fixes: [fields.length > 0 ? `Set them to 0: ${fields.map((f) => f.split(" ")[0]).join(", ")}` : "Use an instruction that this kernel knows", "Compiled for a newer instruction set? `-mcpu=v3` (or lower) keeps to what this kernel knows: sign-extending moves and loads, signed division and the newer atomics are v4"],
  };
}
const badBtf = (title: string, reason: string) => fixed("btf", "check_btf_func", /^$/, title, reason);
void badBtf;

export const FLOW: readonly Family[] = [
  family("too-large", "do_check", /^BPF program is too large\. Processed \d+ insn$/, (c) => tooLarge(c)),
  family("too-large", "push_stack", /^The sequence of (\d+) jumps is too complex(?: for async cb)?\.$/, (c, m) => ({ ...tooLarge(c), title: "Too many branches are open at once", reason: `${Number(m[1]).toLocaleString("en")} branches were put aside without one of their paths coming to an end; 8,192 is the limit. A loop without an end the verifier can see is the usual cause.` })),
  family("endless-loop", "bpf_is_state_visited", /^(?:infinite loop detected at insn (\d+)|old state:.*)$/, (c) => {
    const at = Number(c.line(/^infinite loop detected at insn (\d+)/)?.[1] ?? c.at);
    return {
      title: "The loop never ends", registers: [],
      reason: `The path came back to ${c.place(at)} (instruction ${at}) with the same values it had before: nothing changes from round to round, so it would go on for ever.`,
      fixes: ["Let the loop count: change a variable in each round and leave when it reaches a limit", "Make sure the counter is not reset, or read anew from memory, inside the loop", "For waiting or unknown counts use bpf_loop(), bpf_for() or may_goto (cond_break), which end by themselves"],
      related: [c.related(at, "the loop comes back here unchanged")],
    };
  }),
  family("endless-loop", "push_insn", /^back-edge from insn (\d+) to (\d+)$/, (c, m) => ({ title: "The program jumps back", reason: `The jump at ${c.place(Number(m[1]))} goes back to ${c.place(Number(m[2]))}; this kernel, or a program without privileges, may not loop.`, fixes: ["Unroll the loop: `#pragma unroll`", "Load the program with CAP_BPF, or on a kernel from 5.3 on"], related: [c.related(Number(m[2]), "it jumps back to here")] })),
  family("endless-loop", "sort_subprogs_topo", /^recursive call from (\S+?)\(\) to (\S+?)\(\)$/, (_c, m) => ({ title: "Functions call each other in a circle", reason: `${m[1]}() calls ${m[2]}(), which is on the way to ${m[1]}() already.`, fixes: ["Turn the recursion into a loop with a limit"] })),
  family("unreachable", "bpf_check_cfg", /^unreachable insn (\d+)$/, (c, m) => ({ title: "Code that is never reached", reason: `No path leads to instruction ${m[1]} (${c.insnText(Number(m[1]))}).`, fixes: ["Remove the code", "Check the jump before it: its offset may be wrong"] })),
  family("jump", "check_subprogs", /^(?:jump|indirect jump) out of range from insn (\d+) to (-?\d+)$/, (c, m) => ({ title: "The jump leaves its function", reason: `Instruction ${m[1]} (${c.insnText(Number(m[1]))}) jumps to ${m[2]}, which lies outside of the function it stands in.`, fixes: ["Jump within the function", "Call the other function instead"] })),
  family("jump", "bpf_check_cfg", /^jump into the middle of ldimm64 insn (\d+)$/, (_c, m) => ({ title: "The jump goes into the middle of an instruction", reason: `Instruction ${m[1]} takes two slots, and a jump goes to the second.`, fixes: ["Correct the jump's offset"] })),
  fixed("jump", "check_subprogs", /^last insn is not an exit or jmp$/, "A function runs off its end", "The last instruction of a function has to be an exit or a jump.", "Return a value at the end of the function", "An endless loop or an uninitialised variable makes the compiler drop the end: look for undefined behaviour"),
  fixed("jump", "add_subprog", /^(?:call to invalid destination|too many subprograms)$/, "The call goes nowhere", "The function called does not begin within the program, or there are more than 256.", "Call functions of the same object", "Use fewer functions"),
  family("jump", "check_cond_jmp_op", /^invalid BPF_JMP(?:\/JMP32)? opcode (\S+)$/, (_c, m) => ({ title: "This kernel does not know the jump", reason: `Jump operation 0x${m[1]} is not one of this kernel's.`, fixes: ["Compile for an older instruction set (`-mcpu=v3`), or use a newer kernel"] })),
  fixed("jump", "do_check", /^invalid insn idx .*$/, "The program runs off its end", "The path leaves the program's instructions.", "End every path with a return"),
  family("gotox", "check_indirect_jump", /^(?:R(\d+) has type (\S+), expected PTR_TO_INSN|no jump tables found for subprog starting at (\d+)|jump table for insn (\d+) points outside of the subprog \[\d+,\d+\]|R\d+ points to outside of jump table.*|the sum of R\d+ .*|register R\d+ doesn't point to any offset in map id=\d+)$/, (c, m) => ({ title: "An indirect jump needs a jump table", registers: m[1] ? [Number(m[1])] : [], reason: m[1] ? `${c.who(Number(m[1]))} is no address of an instruction.` : `${c.message}.`, fixes: ["Take the address from an instruction array (BPF_MAP_TYPE_INSN_ARRAY) whose entries lie in this function", "Bound the index of the table", "Or compile with -fno-jump-tables"] })),
  family("encoding", "check_insn_fields", /^(BPF_\S+) uses reserved fields$/, (c, m) => reserved(c, m[1]!)),
  family("encoding", "check_and_resolve_insns", /^unknown opcode (\w+)$/, (c, m) => ({ title: "This kernel does not know the instruction", reason: `Opcode 0x${m[1]} is none of Linux ${c.env.kernel.name}'s.`, fixes: ["Compile for an older instruction set: `-mcpu=v3`, `v2` or `v1`", "Or use a kernel that has the instruction"] })),
  fixed("encoding", "check_and_resolve_insns", /^(?:(?:invalid|unrecognized) (?:bpf_ld_imm\d+|BPF_LD_IMM|BPF_LD) insn|invalid BPF_LD mode|BPF_LD_IMM64 uses reserved fields|invalid (?:BPF_ALU|may_goto) .*|unknown insn class .*|addr_space_cast insn .*|BPF_ATOMIC uses invalid atomic opcode .*|invalid atomic operand size)$/, "The instruction is not well formed", "Its fields do not make an instruction that this kernel knows.", "Build the object with a compiler; for hand-made instructions compare with RFC 9669", "An operation of a newer instruction set needs `-mcpu` of this kernel's time"),
  family("encoding", "check_atomic_rmw", /^BPF_(?:ATOMIC|XADD|ST) (stores into|loads from) R(\d+) (\S+) is not allowed$/, (c, m) => ({ title: `Atomic access to ${m[3] === "ctx" ? "the context" : m[3] === "pkt" ? "the packet" : m[3]} is not possible`, registers: [Number(m[2])], reason: `${c.expression} accesses ${c.who(Number(m[2]))} in a way that only plain memory takes (map values, the stack, arenas).`, fixes: [m[3] === "ctx" ? "Store with a plain store through a register: `ctx->field = x;` compiled as *(ctx + off) = rX" : "Use a plain load and store", "Count atomically in a map's value"] })),
  family("map-fd", "add_used_map", /^fd (-?\d+) is not pointing to valid bpf_map$/, (_c, m) => ({ title: "The map does not exist", reason: `The instruction names a map by file descriptor ${m[1]}, and there is none: the loader did not put a map's descriptor there.`, fixes: ["Declare the map in SEC(\".maps\") and use it by its name, so that the loader fills it in"] })),
  family("map-fd", "check_and_resolve_insns", /^invalid access to map value pointer, value_size=(\d+) off=(\d+)$/, (_c, m) => ({ title: "The address lies outside of the map's value", reason: `The instruction takes the address at offset ${m[2]} of a value of ${m[1]} bytes.`, fixes: [`Use an offset below ${m[1]}`] })),
  family("map-fd", "check_map_prog_compatibility", /^Sleepable programs can only use (.*) maps$/, (_c, m) => ({ title: "Sleepable programs cannot use this kind of map", reason: `In this kernel a sleepable program can use ${m[1]} maps only.`, fixes: ["Use one of those kinds", "Or make the program not sleepable: a section without `.s`"] })),
  fixed("map-fd", "check_map_prog_compatibility", /^(?:only one cgroup storage of each type is allowed|Only one arena per program|program's hash doesn't match map's excl_prog_hash|bpf_struct_ops map cannot be used in prog|offload device mismatch.*|arena's user address .*|The total number of maps .*)$/, "The maps of the program do not go together", "One of its maps cannot be used by this program, or not beside another.", "Use one such map, and the kind made for this program"),
  family("btf", "check_btf_func", /^(?:number of funcs in func_info doesn't match number of subprogs|func_info BTF section doesn't match subprog layout in BPF program|.*func_info.*|.*func info.*)$/, () => ({ title: "BTF and program disagree about functions", reason: "The func_info of the program does not name exactly the functions that its calls reach, each at its first instruction.", fixes: ["Build program and BTF together: compile with -g and load with a loader that relocates func_info (libbpf does)", "Functions in assembly or added by hand need an entry each"] })),
  fixed("btf", "check_btf_line", /^.*line_info.*$/, "The line information is broken", "Line records must go upwards, lie within the program and cover each function's first instruction.", "Build program and BTF together (-g), and do not edit one without the other"),
  fixed("btf", "check_btf_func", /^(?:LD_ABS|tail_call) is only allowed in functions that return 'int'\.$/, "The function has to return int", "bpf_tail_call() and loads of the old style may end the function with 0, so it must return an int.", "Declare the function with return type int", "Or do it in the main function"),
  fixed("ld-abs", "check_ld_abs", /^(?:BPF_LD_\[ABS\|IND\] instructions not allowed for this program type|cannot use BPF_LD_\[ABS\|IND\] within callback|LD_ABS is not allowed in subprogs without BTF|.*R6 != pointer to skb)$/, "Loads of the old style are not possible here", "BPF_LD_ABS and BPF_LD_IND need a socket buffer as context in R6 and may end the program.", "Use bpf_skb_load_bytes(), or packet pointers with a bounds check"),
  fixed("tail-call", "check_helper_call", /^(?:cannot tail call within callback|tail_calls? (?:is|are) not allowed in .*)$/, "No tail call from here", "A callback (or a function without BTF) must return to its caller.", "Return a value from the callback and make the tail call in the main program"),
  fixed("limit", "analyze_subprog", /^liveness analysis exceeded complexity limit \(\d+ calls\)$/, "Too many functions within functions", "Working out which stack slots are used took too many steps: the tree of calls is too large.", "Use fewer functions that get pointers to the stack, or global functions"),
  family("invariant", "reg_bounds_sanity_check", /^(?:verifier bug: )?REG INVARIANTS VIOLATION/, () => ({ title: "The verifier contradicts itself", reason: "It derived bounds that no value satisfies; the program asked for this to be an error (BPF_F_TEST_REG_INVARIANTS).", fixes: ["Load without that flag", "Simplify the comparisons before this instruction"] })),
  family("program-limit", "bpf_check", /^(?:func#\d+ .*|too many .*|The total number of .* limit.*)$/, (c) => ({ title: "A limit of the kernel", reason: `${c.message}.`, fixes: [`Use fewer: ${plural(1, "part")} of the program at a time`] })),
];
