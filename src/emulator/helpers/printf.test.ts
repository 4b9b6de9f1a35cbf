import { describe, expect, test } from "vitest";
import { decodeUtf8, encodeUtf8 } from "../../base/bytes.ts";
import { Errno } from "../errno.ts";
import { formatBpf } from "./printf.ts";
import { parseInteger } from "./strto.ts";

const memory = new Map<bigint, number>();
const poke = (at: bigint, bytes: Iterable<number>): void => {
  let i = at;
  for (const b of bytes) memory.set(i++, b);
};
poke(0x1000n, [...encodeUtf8("hello"), 0]);
poke(0x2000n, [192, 168, 0, 7]);
poke(0x3000n, [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
poke(0x4000n, [0]);
const source = {
  tryRead(address: bigint, size: number): Uint8Array | undefined {
    const out = Array.from({ length: size }, (_, i) => memory.get(address + BigInt(i)));
    return out.some((b) => b === undefined) ? undefined : Uint8Array.from(out as number[]);
  },
  symbol: (address: bigint) => (address === 0xffff_8880_0000_0010n ? { name: "do_it", offset: 16, size: 64 } : undefined),
};
const neg = (v: bigint): bigint => BigInt.asUintN(64, -v);

describe("formats of bpf_trace_printk and bpf_snprintf", () => {
  test.each<[string, bigint[], string | number]>([
    ["plain 100%%", [], "plain 100%"],
    ["%d %i %u %x %X", [neg(1n), 5n, 0xffff_ffffn, 0xabcn, 0xabcn], "-1 5 4294967295 abc ABC"],
    ["%d", [0x1_0000_0001n], "1"],
    ["%ld %lld %lu %llx", [neg(5n), 1n << 40n, neg(1n), neg(1n)], "-5 1099511627776 18446744073709551615 ffffffffffffffff"],
    ["[%5d|%-5d|%05d|%+d|% d]", [42n, 42n, 42n, 42n, 42n], "[   42|42   |00042|+42| 42]"],
    ["%05d", [neg(42n)], "-0042"],
    ["%08llx", [0xbeefn], "0000beef"],
    ["%s|%8s|%-8s|", [0x1000n, 0x1000n, 0x1000n], "hello|   hello|hello   |"],
    ["%s.", [0x4000n], "."],
    ["%s.", [0x9999n], "."],
    ["%pks %pus", [0x1000n, 0x1000n], "hello hello"],
    ["%c%c", [0x41n, 0x42n], "AB"],
    ["%pI4 %pi4", [0x2000n, 0x2000n], "192.168.0.7 192.168.000.007"],
    ["%pI6", [0x3000n], "2001:0db8:0000:0000:0000:0000:0000:0001"],
    ["%pi6", [0x3000n], "20010db8000000000000000000000001"],
    ["%px", [0xffff_8880_1000_0000n], "ffff888010000000"],
    ["%p", [0n], "0000000000000000"],
    ["%ps %pS", [0xffff_8880_0000_0010n, 0xffff_8880_0000_0010n], "do_it do_it+0x10/0x40"],
    ["%ps", [0x77n], "0x77"],
    ["%d", [], -Errno.EINVAL],
    ["%f", [1n], -Errno.EINVAL],
    ["%", [1n], -Errno.EINVAL],
    ["%hd", [1n], -Errno.EINVAL],
    ["%.3s", [0x1000n], -Errno.EINVAL],
    ["%sx", [0x1000n], -Errno.EINVAL],
    ["%pE", [0x1000n], -Errno.EINVAL],
    ["%pI5", [0x1000n], -Errno.EINVAL],
    ["bell \u0007", [], -Errno.EINVAL],
    ["größe %d", [1n], "größe 1"],
  ])("%j", (format, args, want) => {
    const got = formatBpf(Uint8Array.of(...encodeUtf8(format), 0), args, source);
    expect(typeof got === "number" ? got : decodeUtf8(got)).toBe(want);
  });
  test("a format without its zero", () => {
    expect(formatBpf(encodeUtf8("abc"), [], source)).toBe(-Errno.EINVAL);
  });
});

describe("bpf_strtol and bpf_strtoul", () => {
  test.each<[string, bigint, ReturnType<typeof parseInteger>]>([
    ["42", 0n, { value: 42n, negative: false, consumed: 2 }],
    ["  -42x", 10n, { value: 42n, negative: true, consumed: 5 }],
    ["0x1fz", 0n, { value: 31n, negative: false, consumed: 4 }],
    ["0x1f", 16n, { value: 31n, negative: false, consumed: 4 }],
    ["0777", 0n, { value: 511n, negative: false, consumed: 4 }],
    ["0x", 0n, { value: 0n, negative: false, consumed: 1 }],
    ["18446744073709551615", 10n, { value: 0xffff_ffff_ffff_ffffn, negative: false, consumed: 20 }],
    ["18446744073709551616", 10n, -Errno.ERANGE],
    ["", 0n, -Errno.EINVAL],
    ["-", 0n, -Errno.EINVAL],
    ["+5", 0n, -Errno.EINVAL],
    ["abc", 10n, -Errno.EINVAL],
    ["12", 7n, -Errno.EINVAL],
    ["12", 32n, -Errno.EINVAL],
  ])("%j base %d", (text, flags, want) => {
    expect(parseInteger(encodeUtf8(text), flags)).toEqual(want);
  });
});
