/** What only programs with privileges may do: leaks of addresses, speculation, kernel structures. */
import { type Family, family, fixed, typeWords } from "./case.ts";

const LOAD = "Load the program with CAP_BPF and CAP_PERFMON";

export const PRIVILEGE: readonly Family[] = [
  fixed("privilege", "add_subprogs", /^loading\/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN$/, "Functions need a privilege", "Without CAP_BPF a program cannot call functions of its own or of the kernel.", "Load the program with CAP_BPF", "Inline the program's functions (static __always_inline) and do without kfuncs"),
  family("privilege", "sanitize_check_bounds", /^R(\d+) (pointer arithmetic of map value|stack pointer arithmetic) goes out of range, prohibited for !root(?:; off=(-?\d+))?$/, (c, m) => ({
    title: "The pointer leaves its object, if only in passing", registers: [Number(m[1])],
    reason: `${c.who(Number(m[1]))} would point outside of ${m[2]!.startsWith("stack") ? `the stack frame${m[3] ? ` (offset ${m[3]})` : ""}` : "the map's value"}. Without privileges that is not allowed even where no access follows, because a processor that guesses ahead could read there.`,
    fixes: ["Check the index before it is added to the pointer, so that the pointer never leaves its object", LOAD],
  })),
  family("privilege", "sanitize_err", /^R(\d+) (has unknown scalar with mixed signed bounds|has pointer with unsupported alu operation|tried to (?:add|sub) from different maps, paths or scalars|tried to (?:add|sub) beyond pointer bounds|could not be pushed for speculative verification), .*$/, (c, m) => ({
    title: "This pointer arithmetic cannot be made safe against speculation", registers: [Number(m[1])],
    reason: `${c.who(Number(m[1]))} ${m[2]}. Without privileges pointer arithmetic is masked, and one instruction can be masked in one way only.`,
    fixes: [m[2]!.includes("mixed") ? "Make the index unsigned, so that its sign is known" : m[2]!.includes("different") ? "Compute with each pointer in a branch of its own, so that an instruction sees one kind of operands" : "Add constants or bounded unsigned numbers to pointers into maps or the stack only", LOAD],
  })),
  family("privilege", "check_ptr_to_btf_access", /^(?:'struct (\S+)'|(\S+)) access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN$/, (c, m) => ({ title: "Kernel structures need a privilege", registers: c.access ? [c.access.base] : [], reason: `Reading ${m[1] ? `struct ${m[1]}` : m[2]} shows what the kernel keeps to itself without CAP_PERFMON.`, fixes: ["Load the program with CAP_PERFMON"] })),
  family("privilege", "check_stack_read_fixed_off", /^leaking pointer from stack off (-?\d+)$/, (_c, m) => ({ title: "An address would leak", reason: `The slot at fp${m[1]} holds a pointer, and the load would show a part of it as a number.`, fixes: ["Read all 8 bytes, or write a number to the slot first", "Load the program with CAP_PERFMON"] })),
  family("privilege", "check_special_kfunc", /^(\S+) is allowed only to CAP_PERFMON and CAP_SYS_ADMIN$/, (_c, m) => ({ title: `${m[1]} needs a privilege`, reason: `${m[1]} is for programs loaded with CAP_PERFMON.`, fixes: ["Load the program with CAP_PERFMON"] })),
  family("map-fd", "__check_pseudo_btf_id", /^pseudo btf_id (\d+) in ldimm64 isn't KIND_VAR.*$/, (_c, m) => ({ title: "The address asked for is none of a variable", reason: `Type ${m[1]} in the kernel's BTF is no variable.`, fixes: ["Declare a kernel variable as `extern const T name __ksym;`"] })),
];
