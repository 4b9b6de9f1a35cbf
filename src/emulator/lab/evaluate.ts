import type { Binary, Builtin, Code } from "../../kernel/lab/expression-code.ts";
import type { RunEnv } from "../env.ts";
import { badAccess } from "../fault.ts";

const signed = (value: bigint): bigint => BigInt.asIntN(64, value);
const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);
const truth = (value: boolean): bigint => (value ? 1n : 0n);
const MAX_HASHED = 65_536n;

/** How many steps an expression takes at most: what a call of it is charged. */
export function codeSize(code: Code): number {
  let size = 1;
  for (const value of Object.values(code) as unknown[]) {
    for (const part of Array.isArray(value) ? (value as unknown[]) : [value]) if (typeof part === "object" && part !== null && "op" in part) size += codeSize(part as Code);
  }
  return size;
}

/** What the function did before a custom kernel changed it. */
export type Original = () => bigint;

/** The value of an expression: 64 bits, as r0 gets them. Accesses are checked like a program's; there are no loops. */
export function evaluate(env: RunEnv, code: Code, args: readonly bigint[], original: Original): bigint {
  const value = (c: Code): bigint => evaluate(env, c, args, original);
  switch (code.op) {
    case "const": return code.value;
    case "arg": return narrow(args[code.index] ?? 0n, code.size, code.signed);
    case "narrow": return narrow(value(code.a), code.size, code.signed);
    case "neg": return unsigned(-value(code.a));
    case "invert": return unsigned(~value(code.a));
    case "not": return truth(value(code.a) === 0n);
    case "if": return value(code.test) !== 0n ? value(code.a) : value(code.b);
    case "then":
      value(code.a);
      return value(code.b);
    case "load": return narrow(env.mem.slowLoad(unsigned(value(code.at)), code.size), code.size, code.signed, true);
    case "store": {
      const result = narrow(value(code.value), code.size, code.signed);
      env.mem.slowStore(unsigned(value(code.at)), code.size, result);
      return result;
    }
    case "call": return call(env, code.name, code.args.map(value), original);
    case "&&": return truth(value(code.a) !== 0n && value(code.b) !== 0n);
    case "||": return truth(value(code.a) !== 0n || value(code.b) !== 0n);
    default: return binary(code.op, value(code.a), value(code.b));
  }
}

/** A loaded 32-bit field of a context may stand for a whole pointer: it is left as the region gives it. */
function narrow(value: bigint, size: number, isSigned: boolean, loaded = false): bigint {
  if (size >= 8 || (loaded && !isSigned)) return unsigned(value);
  const bits = size * 8;
  return unsigned(isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value));
}

function binary(op: Exclude<Binary, "&&" | "||">, a: bigint, b: bigint): bigint {
  switch (op) {
    case "+": return unsigned(a + b);
    case "-": return unsigned(a - b);
    case "*": return unsigned(a * b);
    // As BPF has it: a division by zero gives zero, a remainder the dividend.
    case "/": return b === 0n ? 0n : unsigned(signed(a) / signed(b));
    case "%": return b === 0n ? a : unsigned(signed(a) % signed(b));
    case "&": return a & b;
    case "|": return a | b;
    case "^": return a ^ b;
    case "<<": return unsigned(a << (b & 63n));
    case ">>": return unsigned(signed(a) >> (b & 63n));
    case "==": return truth(a === b);
    case "!=": return truth(a !== b);
    case "<": return truth(signed(a) < signed(b));
    case ">": return truth(signed(a) > signed(b));
    case "<=": return truth(signed(a) <= signed(b));
    case ">=": return truth(signed(a) >= signed(b));
  }
}

function call(env: RunEnv, name: Builtin, args: readonly bigint[], original: Original): bigint {
  const [a = 0n, b = 0n] = args;
  switch (name) {
    case "data": return env.data && signed(a) >= 0n && signed(b) >= 0n && signed(a) + signed(b) <= BigInt(env.data.length) ? env.data.base + a : 0n;
    case "data_len": return BigInt(env.data?.length ?? 0);
    case "now": return env.clock.monotonic();
    case "pid": return BigInt(env.task.pid);
    case "cpu": return BigInt(env.cpuId);
    case "random": return BigInt(env.random.next() >>> 0);
    case "min": return signed(a) < signed(b) ? a : b;
    case "max": return signed(a) > signed(b) ? a : b;
    case "hash": return hash(env, a, b);
    case "original": return original();
  }
}

function hash(env: RunEnv, address: bigint, size: bigint): bigint {
  if (size > MAX_HASHED) throw badAccess(`hash: ${signed(size)} bytes are more than ${MAX_HASHED}`);
  if (size > 64n) env.cpu.charge(Number(size));
  let h = 0x811c9dc5;
  for (let i = 0n; i < size; i++) h = Math.imul(h ^ Number(env.mem.slowLoad(address + i, 1)), 0x01000193);
  return BigInt(h >>> 0);
}
