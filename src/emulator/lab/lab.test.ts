import { describe, expect, it } from "vitest";
import { unwrap } from "../../base/result.ts";
import type { BtfId } from "../../base/brand.ts";
import { compileExpression } from "../../kernel/lab/expression-compile.ts";
import type { RunEnv } from "../env.ts";
import { Fault } from "../fault.ts";
import { Memory } from "../memory/memory.ts";
import { smallBtf } from "../../kernel/testing/small-pack.ts";
import { codeSize, evaluate } from "./evaluate.ts";

const s32 = 1 as BtfId;
const u64 = 3 as BtfId;
const scope = { btf: smallBtf(), params: [{ name: "a", type: s32 }, { name: "b", type: u64 }], ret: u64 };

function machine(data: Uint8Array): RunEnv & { charged: number } {
  const mem = new Memory();
  const region = mem.create("data", data.length);
  mem.regionBytes(region).set(data);
  const env = { mem, data: { base: mem.address(region), length: data.length }, charged: 0, cpuId: 1, task: { pid: 42 } };
  return Object.assign(env, { cpu: { charge: (n: number) => { env.charged += n; } } }) as unknown as RunEnv & { charged: number };
}

const env = machine(Uint8Array.of(1, 2, 3, 4));
const value = (text: string, a = 0n, b = 0n, original = () => 99n): bigint => BigInt.asIntN(64, evaluate(env, unwrap(compileExpression(text, scope)), [a, b], original));

describe("expressions are evaluated as documented", () => {
  it.each([
    ["1 + 2 * 3", 7n], ["(1 + 2) * 3", 9n], ["10 - 3 - 2", 5n], ["1 << 4 | 3", 19n], ["~0", -1n], ["!5", 0n], ["-7 / 2", -3n], ["-7 % 2", -1n],
    ["1 / 0", 0n], ["7 % 0", 7n], ["-8 >> 1", -4n], ["1 << 64", 1n], ["-1 < 0", 1n], ["2 > 1 && 3 > 2", 1n], ["0 || 0", 0n], ["1 ? 2 : 3", 2n], ["0 ? 1 : 0 ? 2 : 3", 3n],
    ["1, 2", 2n], ["min(-1, 1)", -1n], ["max(-1, 1)", 1n], ["data_len()", 4n], ["*data(2, 1)", 3n], ["data(1, 2)[1]", 3n], ["data(2, 3)", 0n], ["data(-1, 1)", 0n],
    ["pid() + cpu()", 43n], ["original() + 1", 100n], ["0 && original()", 0n], ["0x10 == 16", 1n],
  ])("%s", (text, expected) => expect(value(text)).toBe(expected));

  it("parameters have their type's width and sign", () => {
    expect(value("a", 0xffff_ffffn)).toBe(-1n);
    expect(value("a", 0x1_0000_0001n)).toBe(1n);
    expect(value("b >> 1", 0n, 6n)).toBe(3n);
  });

  it("the result has the return type's", () => {
    const code = unwrap(compileExpression("0x180000000", { ...scope, ret: s32 }));
    expect(evaluate(env, code, [], () => 0n)).toBe(0xffff_ffff_8000_0000n);
  });

  it("accesses are checked, and long work is charged", () => {
    expect(() => value("data(0, 4)[4]")).toThrow(Fault);
    expect(() => value("hash(b, 4)", 0n, 0n)).toThrow(Fault);
    expect(() => value("hash(data(0, 4), 1000000)")).toThrow("hash: 1000000 bytes are more than 65536");
    expect(value("hash(data(0, 4), 4)")).toBe(BigInt([1, 2, 3, 4].reduce((h, byte) => Math.imul(h ^ byte, 0x01000193), 0x811c9dc5) >>> 0));
    const large = machine(new Uint8Array(1000));
    evaluate(large, unwrap(compileExpression("hash(data(0, 1000), 1000)", scope)), [], () => 0n);
    expect(large.charged).toBe(1000);
    expect(codeSize(unwrap(compileExpression("1 + 2 * 3", scope)))).toBe(5);
  });
});
