/** Numbers: return values, sizes passed to helpers, divisors and shifts. */
import { type Case, type Family, family, fixed, type Told } from "./case.ts";

function returned(c: Case, where: string, n: number, held: string, lo: string, hi: string): Told {
  const call = /^At (bpf_\w+)/.exec(where)?.[1];
  const what = call ? `${call}() takes` : where.startsWith("At callback") ? "the callback returns" : where.startsWith("At async") ? "the asynchronous callback returns" : `a program of type ${c.env.prog.type}${c.env.prog.attachType ? ` (${c.env.prog.attachType})` : ""} returns`;
  const range = lo === hi ? `exactly ${lo}` : `${lo} to ${hi}`;
  return {
    title: call ? `The value for ${call}() is out of range` : "The return value is out of range", registers: [n],
    reason: `${c.who(n)} is ${held}; what ${what} has to be ${range}.`,
    fixes: [lo === hi ? `Return ${lo}` : `Return a value from ${lo} to ${hi} on every path: clamp it (\`if (ret < ${lo} || ret > ${hi}) ret = ${lo};\`) or return a constant`, ...(held.includes("anything") || held.includes("unknown") ? ["A value out of memory, the packet or a helper is unknown until it is compared"] : [])],
  };
}
const hexRange = (value: string, mask: string): [string, string] => [BigInt.asIntN(32, BigInt(value)).toString(), BigInt.asIntN(32, BigInt(value) | BigInt(mask)).toString()];

function size(c: Case, n: number, kind: "negative" | "unbounded" | "zero"): Told {
  const call = c.call?.name ?? "the call";
  const who = c.who(n);
  const before = `R${n - 1}`;
  switch (kind) {
    case "negative": return {
      title: "The size may be negative", registers: [n], reason: `${call}() takes ${who} as a size; it is ${c.range(n)}, and as an unsigned number a negative one is huge.`,
      fixes: ["Make the variable unsigned (__u32, __u64) and bound it: `if (len > sizeof(buf)) return …;`", "Or mask it with the buffer's size minus 1, where that is a power of two: `len &= sizeof(buf) - 1;`", `Or check the lower end too: \`if (len < 0) return …;\``],
    };
    case "unbounded": return {
      title: "The size has no upper bound", registers: [n], reason: `${call}() takes ${who} as the size of the memory at ${before}; it is ${c.range(n)}, and the verifier needs a limit.`,
      fixes: ["Compare it with the buffer's size right before the call: `if (len > sizeof(buf)) len = sizeof(buf);`", "Or mask it: `len &= 0xff;`"],
    };
    case "zero": return {
      title: "The size may be 0", registers: [n], reason: `${call}() takes ${who} as a size of at least 1; it is ${c.range(n)}.`,
      fixes: [`Leave before the call when it is 0${(c.reg(n)?.r64.umax ?? 0n) > 1n << 29n ? ", and when it is more than the buffer has: `if (len == 0 || len > sizeof(buf)) return …;`" : ": `if (len == 0) return …;`"}`, "When the length comes from a mask, make sure the result cannot be 0"],
    };
  }
}

export const VALUES: readonly Family[] = [
  family("return-value", "check_return_code", /^(At .*?) the register R(\d+) has (.*?) ?should have been in \[(-?\d+), (-?\d+)\]$/, (c, m) => returned(c, m[1]!, Number(m[2]), m[3] === "unknown scalar value" ? "anything" : c.range(Number(m[2])), m[4]!, m[5]!)),
  family("return-value", "check_return_code", /^(At .*?) the register R(\d+) has (.*?) ?should have been in \((0x[0-9a-f]+|\d+); (0x[0-9a-f]+|\d+)\)$/, (c, m) => returned(c, m[1]!, Number(m[2]), m[3] === "unknown scalar value" ? "anything" : c.range(Number(m[2])), ...hexRange(m[4]!, m[5]!))),
  family("return-value", "check_return_code", /^(?:At .*?)the register R(\d+) is not a (?:known value|scalar value) \((.*)\)$/, (c, m) => ({
    title: "A pointer is returned", registers: [Number(m[1])], reason: `${c.who(Number(m[1]))} is a pointer (${m[2]}); the return value has to be a number.`, fixes: ["Return a number on every path"],
  })),
  fixed("return-value", "prepare_func_exit", /^R0 not a scalar value$/, "A pointer is returned", "A callback returns a number.", "Return 0 or 1"),
  fixed("return-value", "check_return_code", /^Note, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!$/, "This hook has no return value", "The LSM hook returns nothing, so a program attached to it returns 1 and cannot set another value.", "Return 1 on every path, and do not call bpf_set_retval()"),
  family("size-argument", "check_mem_size_reg", /^R(\d+) min value is negative, either use unsigned or 'var &= const'$/, (c, m) => size(c, Number(m[1]), "negative")),
  family("size-argument", "check_mem_size_reg", /^R(\d+) unbounded memory access, use 'var &= const' or 'if \(var < const\)'$/, (c, m) => size(c, Number(m[1]), "unbounded")),
  family("size-argument", "check_mem_size_reg", /^R(\d+) invalid zero-sized read: u64=\[(\d+),(\d+)\]$/, (c, m) => size(c, Number(m[1]), "zero")),
  family("size-argument", "check_stack_range_initialized", /^invalid zero-sized read$/, (c) => ({ title: "The size may be 0", reason: `${c.call?.name ?? "The call"}() reads memory whose size may be 0.`, fixes: ["Leave before the call when the size is 0: `if (len == 0) return …;`"] })),
  family("size-argument", "check_mem_size_reg", /^(?:R(\d+) and R(\d+)|arg#(\d+) arg#(\d+)) memory, len pair leads to invalid memory access$/, (c, m) => {
    const n = m[2] !== undefined ? Number(m[2]) : Number(m[4]) + 1;
    const why = c.lines.at(-2) ?? "";
    return { title: "Memory and size do not fit", registers: [n - 1, n], reason: `${c.call?.name ?? "The call"}() takes ${c.who(n - 1)} with ${c.who(n)} (${c.range(n)}) as its size. ${why}`.trim(), fixes: ["Bound the size to the buffer's: `if (len > sizeof(buf)) return …;`", "Pass a size that is a constant where the kfunc asks for one"] };
  }),
  family("constant-argument", "process_const_arg", /^(?:R(\d+)|arg#(\d+)) (?:is not a const|must be a known constant|allocation size exceeds u32 max)$/, (c, m) => ({ title: "A constant is needed", registers: [Number(m[1] ?? Number(m[2]) + 1)], reason: `${c.call?.name ?? "The call"}() needs a number that is the same on every path here; ${c.who(Number(m[1] ?? Number(m[2]) + 1))} is ${c.range(Number(m[1] ?? Number(m[2]) + 1))}.`, fixes: ["Pass a literal, or a value that was compared with == on this path"] })),
  family("number-argument", "check_kfunc_args", /^(?:R(\d+)|arg#(\d+)) is not a scalar$/, (c, m) => ({ title: "A number is needed", registers: [Number(m[1] ?? Number(m[2]) + 1)], reason: `${c.call?.name ?? "The call"}() takes a number there, and ${c.who(Number(m[1] ?? Number(m[2]) + 1))} is a pointer.`, fixes: ["Pass a number"] })),
  family("division", "check_alu_op", /^div by zero$/, (c) => ({ title: "Division by the constant 0", reason: `${c.expression} divides by 0, written in the instruction itself.`, fixes: ["Divide by another constant", "A divisor in a register may be 0: the result is then 0"] })),
  family("shift", "check_alu_op", /^invalid shift (-?\d+)$/, (c, m) => ({ title: "Shift by more bits than there are", reason: `${c.expression} shifts by ${m[1]}; a ${c.insn && (c.insn.code & 7) === 4 ? "32" : "64"}-bit value can be shifted by 0 to ${c.insn && (c.insn.code & 7) === 4 ? 31 : 63}.`, fixes: ["Shift by less, or use a wider type"] })),
  family("flags", "check_helper_call", /^get_local_storage\(\) doesn't support non-zero flags$/, (c) => ({ title: "The flags must be 0", registers: [2], reason: `bpf_get_local_storage() takes no flags, and ${c.who(2)} is not known to be 0.`, fixes: ["Pass the constant 0 as the second argument"] })),
];
