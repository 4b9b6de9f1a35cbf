/** Numbers that must lie in a range: return values, sizes passed to calls, shifts. */
import { baseType, PTR_TO_MAP_VALUE, PTR_TO_MEM, PTR_TO_STACK } from "../../state/reg-type.ts";
import { type Case, type Family, family, fixed, plural, type Told } from "./case.ts";
import { programWords } from "./program.ts";

/** "skb->len is 0 … 4294967295", "R0 is 5": what the number is, without saying it twice. */
function numberWords(c: Case, n: number, held: string): string {
  const known = held === "anything" ? "may be any number" : `is ${held}`;
  return c.means(n) === held || c.means(n) === null ? `R${n} ${known}` : `${c.who(n)} ${known}`;
}
function returned(c: Case, where: string, n: number, held: string, lo: string, hi: string): Told {
  const range = lo === hi ? `exactly ${lo}` : `${lo} to ${hi}`;
  const set = /^At (bpf_\w+)/.exec(where)?.[1] ?? (c.call?.name === "bpf_throw" ? "bpf_throw" : undefined);
  if (set !== undefined) {
    return {
      title: `The value for ${set}() is out of range`, registers: [n],
      reason: `${numberWords(c, n, held)}; ${set}() sets what the program returns, and for type ${programWords(c.env)} that has to be ${range}.`,
      fixes: [lo === hi ? `Pass ${lo}` : `Pass a value from ${lo} to ${hi}: compare the variable with both ends first, or pass a constant`],
    };
  }
  const what = where.startsWith("At callback") ? "a callback of this kind returns" : where.startsWith("At async") ? "a callback that runs later returns" : `a program of type ${programWords(c.env)} returns`;
  const zeroOk = BigInt(lo) <= 0n && BigInt(hi) >= 0n;
  return {
    title: "The return value is out of range", registers: [n],
    reason: `${numberWords(c, n, held)}; what ${what} has to be ${range}.`,
    fixes: [
      lo === hi ? `Return ${lo} on every path: \`return ${lo};\`` : `Return a value from ${lo} to ${hi} on every path: clamp it (\`if (ret < ${lo} || ret > ${hi}) ret = ${zeroOk ? 0 : lo};\`) or return a constant`,
      ...(lo === hi ? [] : held === "anything" || (c.reg(n)?.varOff.mask ?? 0n) !== 0n ? ["A value out of memory, the packet or a helper is unknown until it is compared"] : []),
    ],
  };
}
const hexRange = (value: string, mask: string): [string, string] => [BigInt.asIntN(32, BigInt(value)).toString(), BigInt.asIntN(32, BigInt(value) | BigInt(mask)).toString()];

/** Bytes of the object behind a pointer from where it points on, and what C calls the object; null where that is not a plain object. */
function buffer(c: Case, n: number): { bytes: number; name: string | null } | null {
  const r = c.reg(n);
  if (!r || r.varOff.mask !== 0n) return null;
  const off = Number(BigInt.asIntN(64, r.varOff.value)) + r.off;
  const name = /^&(\w+)$/.exec(c.means(n) ?? "")?.[1] ?? null;
  switch (baseType(r.type)) {
    case PTR_TO_STACK: return off < 0 && off >= -512 ? { bytes: -off, name } : null;
    case PTR_TO_MAP_VALUE: return r.map && off >= 0 ? { bytes: r.map.valueSize - off, name } : null;
    case PTR_TO_MEM: return off >= 0 ? { bytes: r.memSize - off, name } : null;
    default: return null;
  }
}
/** The name of the size in C, where the register stands for one; else "len". */
const sizeName = (c: Case, n: number): string => (/^[A-Za-z_]\w*$/.test(c.means(n) ?? "") ? c.means(n)! : "len");
/** May the size be 0 in this call? */
function zeroAllowed(c: Case, n: number): boolean {
  const { call, insn } = c;
  if (call?.kind !== "helper" || !insn) return true;
  return c.env.kernel.helper(insn.imm)?.protos.every((p) => { const t = p.args[n - 1]?.base ?? ""; return t === "" || /OR_ZERO/.test(t); }) ?? true;
}
/** A comparison on the path of something computed from the register's value, from which nothing follows for the register: clang makes one comparison of two that way. */
function comparedElsewhere(c: Case, n: number): { at: number; what: string } | null {
  const means = c.means(n);
  if (!c.way || means === null) return null;
  for (let i = c.way.steps.length - 1; i >= 0; i--) {
    const step = c.way.steps[i]!;
    const insn = c.env.insns[step.from]!;
    const what = step.compared && c.meanings?.of(insn.dst, c.way.before(i));
    if (what && what !== means && what.includes(means) && /[-+]/.test(what)) return { at: step.from, what };
  }
  return null;
}
function size(c: Case, n: number, kind: "negative" | "unbounded" | "zero"): Told {
  const call = `${c.call?.name ?? "the call"}()`;
  const who = c.who(n);
  const held = c.range(n);
  const r = c.reg(n);
  const memory = buffer(c, n - 1);
  const whole = memory?.name ? `sizeof(${memory.name})` : "sizeof(buf)";
  const len = sizeName(c, n);
  const zero = !zeroAllowed(c, n);
  const check = `\`if (${zero ? `${len} == 0 || ` : ""}${len} > ${whole}) return …;\``;
  const constant = r?.varOff.mask === 0n;
  const elsewhere = constant ? null : comparedElsewhere(c, n);
  const apart = elsewhere === null ? [] : [`The comparison at ${c.place(elsewhere.at)} was compiled to one of \`${elsewhere.what}\`, in another register: compare one end at a time, with a barrier between: \`${zero ? `if (${len} == 0) return …;` : `if (${len} < 0) return …;`} barrier_var(${len}); if (${len} > ${whole}) return …;\``];
  const stack = baseType(c.reg(n - 1)?.type ?? 0) === PTR_TO_STACK;
  const bytes = memory ? `; ${c.who(n - 1)} has room for ${stack ? "at most " : ""}${plural(memory.bytes, "byte")}` : "";
  if (constant && kind !== "zero") {
    return {
      title: kind === "negative" ? "The size is negative" : "The size is larger than any memory", registers: [n],
      reason: `${call} takes argument ${n} as the size of the memory that argument ${n - 1} points to; it is ${held}${bytes}.`,
      fixes: [memory ? `Pass ${whole}, or a number from ${zero ? 1 : 0} to ${memory.bytes}` : "Pass the size of the buffer: `sizeof(buf)`"],
    };
  }
  switch (kind) {
    case "negative": return {
      title: "The size may be negative", registers: [n], reason: `${call} takes ${who} as a size; it is ${held}, and as an unsigned number a negative one is huge${bytes}.`,
      fixes: elsewhere ? apart : [`Make the variable unsigned (__u32, __u64) and bound it: ${check}`, `Or check both ends: \`if (${len} ${zero ? "<= 0" : "< 0"} || ${len} > (int)${whole}) return …;\``, ...(zero ? [] : [`Or mask it, where the buffer's size is a power of two: \`${len} &= ${whole} - 1;\``])],
    };
    case "unbounded": return {
      title: "The size has no upper bound", registers: [n], reason: `${call} takes ${who} as the size of the memory that argument ${n - 1} points to; it is ${held}${bytes}.`,
      fixes: elsewhere ? apart : [`Bound it before the call: ${check}`, ...(zero ? [] : [`Or cut it: \`if (${len} > ${whole}) ${len} = ${whole};\``])],
    };
    case "zero": return constant ? {
      title: "The size is 0", registers: [n], reason: `${call} takes argument ${n} as a size of at least 1; it is 0.`, fixes: [memory ? `Pass ${whole}, or a number from 1 to ${memory.bytes}` : "Pass the size of the buffer: `sizeof(buf)`"],
    } : {
      title: "The size may be 0", registers: [n], reason: `${call} takes ${who} as a size of at least 1; it is ${held}${bytes}.`,
      fixes: elsewhere ? apart : [(r?.r64.umax ?? 0n) > BigInt(memory?.bytes ?? 1 << 29) ? `Leave before the call when it is 0, and when it is more than the buffer has: ${check}` : `Leave before the call when it is 0: \`if (${len} == 0) return …;\``],
    };
  }
}
/** A kfunc's memory and size: the line before says which of the two does not fit. */
function pair(c: Case, n: number): Told {
  const why = (c.lines.at(-2) ?? "").trim();
  const kind = /^R\d+ min value is negative/.test(why) ? "negative" : /^R\d+ unbounded memory access/.test(why) ? "unbounded" : null;
  if (kind && why.startsWith(`R${n} `)) return size(c, n, kind);
  const memory = buffer(c, n - 1);
  const held = c.range(n);
  const what = c.means(n) === held ? held : `${c.who(n)}, ${held},`;
  if (memory) {
    const whole = memory.name ? `sizeof(${memory.name})` : "sizeof(buf)";
    return {
      title: "The size is larger than the buffer", registers: [n - 1, n], reason: `${c.call?.name ?? "The call"}() is told that ${c.who(n - 1)} has ${what} bytes; there are ${memory.bytes}.`,
      fixes: [c.reg(n)?.varOff.mask === 0n ? `Pass ${whole}` : `Bound the size: \`if (${sizeName(c, n)} > ${whole}) return …;\``],
    };
  }
  return { title: "Memory and size do not fit", registers: [n - 1, n], reason: `${c.call?.name ?? "The call"}() takes ${c.who(n - 1)} as memory of ${what} bytes${why ? `; the kernel says: ${why}` : ""}.`, fixes: ["Bound the size to the buffer's: `if (len > sizeof(buf)) return …;`"] };
}

export const NUMBERS: readonly Family[] = [
  family("return-value", "check_return_code", /^(At .*?) the register R(\d+) has (.*?) ?should have been in \[(-?\d+), (-?\d+)\]$/, (c, m) => returned(c, m[1]!, Number(m[2]), m[3] === "unknown scalar value" ? "anything" : c.range(Number(m[2])), m[4]!, m[5]!)),
  family("return-value", "check_return_code", /^(At .*?) the register R(\d+) has (.*?) ?should have been in \((0x[0-9a-f]+|\d+); (0x[0-9a-f]+|\d+)\)$/, (c, m) => returned(c, m[1]!, Number(m[2]), m[3] === "unknown scalar value" ? "anything" : c.range(Number(m[2])), ...hexRange(m[4]!, m[5]!))),
  family("return-value", "check_return_code", /^(?:At .*?)the register R(\d+) is not a (?:known value|scalar value) \((.*)\)$/, (c, m) => ({
    title: "A pointer is returned", registers: [Number(m[1])], reason: `${c.who(Number(m[1]))} is a pointer (${m[2]}); the return value has to be a number.`, fixes: ["Return a number on every path: `return 0;`"],
  })),
  fixed("return-value", "prepare_func_exit", /^R0 not a scalar value$/, "A pointer is returned", "A callback returns a number.", "Return 0 or 1"),
  fixed("return-value", "check_return_code", /^Note, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!$/, "This hook has no return value", "The LSM hook returns nothing, so a program attached to it returns 1 and cannot set another value.", "Return 1 on every path, and do not call bpf_set_retval()"),
  family("size-argument", "check_mem_size_reg", /^R(\d+) min value is negative, either use unsigned or 'var &= const'$/, (c, m) => size(c, Number(m[1]), "negative")),
  family("size-argument", "check_mem_size_reg", /^R(\d+) unbounded memory access, use 'var &= const' or 'if \(var < const\)'$/, (c, m) => size(c, Number(m[1]), "unbounded")),
  family("size-argument", "check_mem_size_reg", /^R(\d+) invalid zero-sized read: u64=\[(\d+),(\d+)\]$/, (c, m) => size(c, Number(m[1]), "zero")),
  family("size-argument", "check_stack_range_initialized", /^invalid zero-sized read$/, (c) => {
    const n = [2, 3, 4, 5].find((i) => c.reg(i)?.r64.umin === 0n && baseType(c.reg(i)!.type) === 1 && buffer(c, i - 1) !== null);
    return n !== undefined ? size(c, n, "zero") : { title: "The size may be 0", reason: `${c.call?.name ?? "The call"}() reads memory whose size may be 0.`, fixes: ["Leave before the call when the size is 0: `if (len == 0) return …;`"] };
  }),
  family("size-argument", "check_mem_size_reg", /^(?:R(\d+) and R(\d+)|arg#(\d+) arg#(\d+)) memory, len pair leads to invalid memory access$/, (c, m) => pair(c, m[2] !== undefined ? Number(m[2]) : Number(m[4]) + 1)),
  family("number-argument", "check_kfunc_args", /^(?:R(\d+)|arg#(\d+)) is not a scalar$/, (c, m) => {
    const n = Number(m[1] ?? Number(m[2]) + 1);
    return { title: "A number is needed", registers: [n], reason: `${c.call?.name ?? "The call"}() takes a number as argument ${n}, and ${c.who(n)} is a pointer.`, fixes: [`Pass a number as argument ${n}`] };
  }),
  family("shift", "check_alu_op", /^invalid shift (-?\d+)$/, (c, m) => {
    const bits = c.insn && (c.insn.code & 7) === 4 ? 32 : 64;
    return { title: "Shift by more bits than there are", reason: `${c.expression} shifts by ${m[1]}; a ${bits}-bit value can be shifted by 0 to ${bits - 1}.`, fixes: [`Shift by ${bits - 1} at most`, ...(bits === 32 ? ["Or compute in 64 bits: `(__u64)x << n`"] : [])] };
  }),
  family("division", "check_alu_op", /^div by zero$/, (c) => ({ title: "Division by the constant 0", reason: `${c.expression} divides by 0, written in the instruction itself.`, fixes: ["Divide by another constant", "A divisor in a register may be 0: the result is then 0"] })),
];
