import { describe, expect, it } from "vitest";
import { unwrap } from "../base/result.ts";
import { disasmInsn } from "./disasm.ts";
import { decodeInsns, encodeInsns, imm64, jumpOffset } from "./insn.ts";
import { OPCODES } from "./table.ts";
import type { Insn } from "./types.ts";

const i = (code: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ code, dst, src, off, imm });

describe("encoding", () => {
  it("round-trips every opcode with extreme fields", () => {
    const insns: Insn[] = [];
    for (let code = 0; code < 256; code++) {
      insns.push(i(code, code & 15, code >> 4, -32768, -2147483648), i(code, 10, 0, 32767, 2147483647));
    }
    expect(unwrap(decodeInsns(encodeInsns(insns)))).toEqual(insns);
  });
  it("refuses bytes that are no whole slots", () => {
    expect(decodeInsns(new Uint8Array(12))).toMatchObject({ ok: false, error: { offset: 8 } });
  });
  it("joins the halves of a 64-bit immediate", () => {
    expect(imm64([i(0x18, 1, 0, 0, -1), i(0, 0, 0, 0, 0x7fffffff)], 0)).toBe(0x7fffffff_ffffffffn);
    expect(imm64([i(0x18)], 0)).toBeUndefined();
  });
  it("finds jump distances", () => {
    expect(jumpOffset(i(0x05, 0, 0, -3))).toBe(-3);
    expect(jumpOffset(i(0x06, 0, 0, 0, 70000))).toBe(70000);
    expect(jumpOffset(i(0xe5, 0, 0, 4))).toBe(4);
    expect(jumpOffset(i(0x95))).toBeUndefined();
  });
  it("has each opcode of the RFC's tables once", () => {
    const kinds = new Map<string, number>();
    for (const info of OPCODES) if (info) kinds.set(info.kind, (kinds.get(info.kind) ?? 0) + 1);
    expect(Object.fromEntries(kinds)).toEqual({
      alu: 48, neg: 2, end: 3, jmp: 44, ja: 2, gotox: 1, may_goto: 1, call: 1, callx: 1, exit: 1, load: 7, store: 8, atomic: 4, ld_imm64: 1, ld_abs: 3, ld_ind: 3,
    });
  });
});

describe("disassembly as the verifier's log has it", () => {
  const names = { helperName: (id: number) => (id === 1 ? "bpf_map_lookup_elem" : undefined), kfuncName: () => "bpf_iter_num_new" };
  const cases: [Insn[], string][] = [
    [[i(0x79, 1, 10, -8)], "r1 = *(u64 *)(r10 -8)"],
    [[i(0x91, 1, 2, 0)], "r1 = *(s8 *)(r2 +0)"],
    [[i(0x15, 1, 0, 3, 0)], "if r1 == 0x0 goto pc+3"],
    [[i(0x16, 1, 0, 3, -1)], "if w1 == 0xffffffff goto pc+3"],
    [[i(0x6d, 1, 2, -4)], "if r1 s> r2 goto pc-4"],
    [[i(0x85, 0, 0, 0, 1)], "call bpf_map_lookup_elem#1"],
    [[i(0x85, 0, 0, 0, 9999)], "call unknown#9999"],
    [[i(0x85, 0, 1, 0, 5)], "call pc+5"],
    [[i(0x85, 0, 1, 0, -1)], "call pc-1"],
    [[i(0x85, 0, 2, 0, 72382)], "call bpf_iter_num_new#72382"],
    [[i(0x18, 1, 0, 0, 0x12345678), i(0, 0, 0, 0, 1)], "r1 = 0x112345678"],
    [[i(0xbc, 1, 2)], "w1 = w2"],
    [[i(0xbf, 1, 2, 8)], "r1 = (s8)r2"],
    [[i(0xbc, 1, 2, 16)], "w1 = (s16)w2"],
    [[i(0xbf, 1, 2, 1, 0x00010000)], "r1 = addr_space_cast(r2, 1, 0)"],
    [[i(0x37, 1, 0, 1, 3)], "r1 s/= 3"],
    [[i(0x9f, 1, 2, 1)], "r1 s%= r2"],
    [[i(0xc7, 1, 0, 0, 32)], "r1 s>>= 32"],
    [[i(0x87, 1)], "r1 = -r1"],
    [[i(0xdc, 1, 0, 0, 16)], "r1 = be16 r1"],
    [[i(0xd7, 1, 0, 0, 64)], "r1 = bswap64 r1"],
    [[i(0xdb, 10, 1, -8, 0)], "lock *(u64 *)(r10 -8) += r1"],
    [[i(0xdb, 10, 1, -8, 0xa1)], "r1 = atomic64_fetch_xor((u64 *)(r10 -8), r1)"],
    [[i(0xc3, 10, 1, -8, 0xe1)], "r1 = atomic_xchg((u32 *)(r10 -8), r1)"],
    [[i(0xdb, 10, 1, -8, 0xf1)], "r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r1)"],
    [[i(0xd3, 1, 2, 0, 0x100)], "r1 = load_acquire((u8 *)(r2 +0))"],
    [[i(0xdb, 1, 2, 8, 0x110)], "store_release((u64 *)(r1 +8), r2)"],
    [[i(0x06, 0, 0, 0, 70000)], "gotol pc+70000"],
    [[i(0x0d, 3)], "gotox r3"],
    [[i(0xe5, 0, 0, 2)], "may_goto pc+2"],
    [[i(0x30, 0, 0, 0, 14)], "r0 = *(u8 *)skb[14]"],
    [[i(0x48, 0, 6, 0, 2)], "r0 = *(u16 *)skb[r6 + 2]"],
    [[i(0x7a, 10, 0, -8, -5)], "*(u64 *)(r10 -8) = -5"],
    [[i(0x95)], "exit"],
  ];
  it.each(cases)("%j → %s", (insns, text) => {
    expect(disasmInsn(insns, 0, names)).toBe(text);
  });
  it("prints as releases that do not know a form", () => {
    expect(disasmInsn([i(0xdb, 10, 1, -8, 0xa1)], 0, { forms: { atomics: false } })).toBe("lock *(u64 *)(r10 -8) += r1");
    expect(disasmInsn([i(0xd7, 1, 0, 0, 64)], 0, { forms: { cpuV4: false } })).toBe("BUG_alu64_d7");
    expect(disasmInsn([i(0x37, 1, 0, 1, 3)], 0, { forms: { cpuV4: false } })).toBe("r1 /= 3");
    expect(disasmInsn([i(0x85, 0, 2, 0, 1)], 0, { ...names, forms: { kfuncs: false } })).toBe("call bpf_map_lookup_elem#1");
  });
  it("says something for every opcode there is", () => {
    for (let code = 0; code < 256; code++) expect(disasmInsn([i(code, 1, 2, 3, 4), i(0)], 0, names).length).toBeGreaterThan(2);
  });
});
