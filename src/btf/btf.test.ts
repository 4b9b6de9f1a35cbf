import { describe, expect, it } from "vitest";
import { unwrap } from "../base/result.ts";
import { parseElf } from "../elf/parse.ts";
import { fixture, kernelBtf, randomNumbers } from "../loader/testing/fixtures.ts";
import { parseBtfExt } from "./ext.ts";
import { OverlayBtf } from "./overlay.ts";
import { parseBtf } from "./parse.ts";
import { BtfKind } from "./types.ts";

const kernel = kernelBtf();
const objectElf = unwrap(parseElf(fixture("features.bpf.o")));
const rawBtf = objectElf.section(".BTF")?.data as Uint8Array;
const rawExt = objectElf.section(".BTF.ext")?.data as Uint8Array;

/** BTF of the given type words and strings. */
function btfOf(words: number[], strings: string, hdrLen = 24): Uint8Array {
  const text = new TextEncoder().encode(strings);
  const bytes = new Uint8Array(hdrLen + 4 * words.length + text.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, true);
  view.setUint8(2, 1);
  view.setUint32(4, hdrLen, true);
  view.setUint32(12, 4 * words.length, true);
  view.setUint32(16, 4 * words.length, true);
  view.setUint32(20, text.length, true);
  words.forEach((word, i) => view.setUint32(hdrLen + 4 * i, word, true));
  bytes.set(text, hdrLen + 4 * words.length);
  return bytes;
}
const kindWord = (kind: number, vlen = 0, flag = 0): number => ((flag << 31) | (kind << 24) | vlen) >>> 0;

describe("parseBtf", () => {
  it("decodes what clang recorded", () => {
    const outer = kernel.type(kernel.find(BtfKind.STRUCT, "outer") ?? 0);
    expect(outer).toMatchObject({ kind: BtfKind.STRUCT, size: 72 });
    if (outer?.kind !== BtfKind.STRUCT) return;
    expect(outer.members.find((member) => member.name === "high")).toMatchObject({ bitfieldSize: 9, bitOffset: 36 * 8 + 3 });
    expect(outer.members.find((member) => member.name === "negative")).toMatchObject({ bitfieldSize: 5 });
    expect(kernel.type(kernel.find(BtfKind.ENUM, "color") ?? 0)).toMatchObject({ values: [{ name: "RED", value: 0n }, { name: "GREEN", value: 5n }, { name: "BLUE", value: 6n }] });
    expect(kernel.type(kernel.find(BtfKind.ENUM64, "big") ?? 0)).toMatchObject({ size: 8, signed: false, values: [{ value: 1n }, { value: 0x100000002n }] });
    expect(kernel.type(kernel.find(BtfKind.FUNC, "bpf_outer_put") ?? 0)).toMatchObject({ linkage: 1 });
  });
  it("finds by name, resolves and sizes", () => {
    const id = kernel.find(BtfKind.TYPEDEF, "u64") ?? 0;
    expect(kernel.resolve(id)).toMatchObject({ kind: BtfKind.INT, size: 8 });
    expect(kernel.sizeOf(id)).toBe(8);
    expect(kernel.named("list_head")).toHaveLength(1);
    expect(kernel.named("")).toHaveLength(0);
    expect(kernel.find(BtfKind.STRUCT, "u64")).toBeUndefined();
    expect(kernel.type(1 << 20)).toBeUndefined();
    expect(kernel.type(0)).toMatchObject({ kind: BtfKind.VOID });
  });
  it("reads split BTF over a base", () => {
    const next = kernel.count;
    const bytes = btfOf([kernel.strEnd + 1, kindWord(BtfKind.TYPEDEF), kernel.find(BtfKind.STRUCT, "outer") ?? 0, kernel.strEnd + 1, kindWord(BtfKind.PTR), next], "\0mod_type\0");
    const module = unwrap(parseBtf(bytes, { base: kernel, name: "mod" }));
    expect(module).toMatchObject({ startId: next, count: next + 2, name: "mod" });
    expect(module.type(next)).toMatchObject({ kind: BtfKind.TYPEDEF, name: "mod_type" });
    expect(module.resolve(next)).toMatchObject({ name: "outer" });
    expect(module.named("outer")).toEqual(kernel.named("outer"));
    expect(module.find(BtfKind.TYPEDEF, "mod_type")).toBe(next);
  });
  it("says what is wrong in libbpf's words", () => {
    const error = (bytes: Uint8Array): string => {
      const result = parseBtf(bytes);
      return result.ok ? "" : result.error.message;
    };
    expect(error(new Uint8Array(10))).toBe("BTF header not found");
    expect(error(new Uint8Array(100))).toBe("Invalid BTF magic: 0");
    expect(error(btfOf([], "x"))).toBe("Invalid BTF string section");
    expect(error(btfOf([0, kindWord(BtfKind.PTR), 9], "\0"))).toBe("btf: type [1]: invalid referenced type ID 9");
    expect(error(btfOf([77, kindWord(BtfKind.PTR), 0], "\0"))).toBe("btf: type [1]: invalid type name (string offset 77)");
    expect(error(btfOf([0, kindWord(BtfKind.PTR)], "\0"))).toBe("BTF types data is malformed");
    expect(error(btfOf([0, kindWord(77), 0], "\0"))).toBe("btf: type [1]: unrecognized kind 77");
    expect(error(btfOf([0, kindWord(BtfKind.FUNC), 2, 0, kindWord(BtfKind.PTR), 0], "\0"))).toBe("btf: type [1]: referenced type [2] is not FUNC_PROTO");
    expect(error(btfOf([0, kindWord(BtfKind.STRUCT, 0xffffff), 4], "\0"))).toBe("BTF types data is malformed");
  });
  it("meets loops without hanging", () => {
    const loop = unwrap(parseBtf(btfOf([0, kindWord(BtfKind.CONST), 2, 0, kindWord(BtfKind.VOLATILE), 1, 0, kindWord(BtfKind.ARRAY), 0, 3, 3, 5], "\0")));
    expect(loop.resolve(1)).toBeUndefined();
    expect(loop.sizeOf(1)).toBeUndefined();
    expect(loop.sizeOf(3)).toBeUndefined();
  });
});

describe("parseBtfExt", () => {
  it("reads all three kinds of records", () => {
    const ext = unwrap(parseBtfExt(rawExt));
    expect(ext.funcInfo.length).toBeGreaterThan(5);
    expect(ext.lineInfo.flatMap((section) => section.records).length).toBeGreaterThan(50);
    expect(new Set(ext.coreRelos.flatMap((section) => section.records.map((record) => record.kind)))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
  });
  it("refuses lies about sizes", () => {
    const change = (at: number, value: number): string => {
      const copy = rawExt.slice();
      new DataView(copy.buffer).setUint32(at, value, true);
      const result = parseBtfExt(copy);
      return result.ok ? "" : result.error.message;
    };
    expect(change(4, 1 << 30)).toBe("BTF.ext header not found");
    expect(change(12, 1 << 20)).toContain("is beyond the end of the ELF section .BTF.ext");
    expect(change(32, 4)).toBe("func_info section in .BTF.ext has invalid record size 4");
  });
});

describe("an overlay", () => {
  it("replaces and adds without touching what is under it", () => {
    const overlay = new OverlayBtf(kernel);
    const id = kernel.find(BtfKind.STRUCT, "inner") ?? 0;
    overlay.replace(id, { kind: BtfKind.INT, id, name: "renamed", size: 1, bits: 8, bitOffset: 0, signed: false, char: false, bool: false });
    const added = overlay.add((own) => ({ kind: BtfKind.TYPEDEF, id: own, name: "added", type: id }));
    expect(overlay.find(BtfKind.INT, "renamed")).toBe(id);
    expect(overlay.named("inner")).toEqual([]);
    expect(overlay.sizeOf(added)).toBe(1);
    expect(overlay.count).toBe(kernel.count + 1);
    expect(kernel.type(id)).toMatchObject({ name: "inner" });
  });
});

describe("hostile BTF", () => {
  const walk = (bytes: Uint8Array): void => {
    const result = parseBtf(bytes);
    if (!result.ok) {
      expect(result.error.message.length).toBeGreaterThan(5);
      return;
    }
    for (let id = 0; id < result.value.count; id++) {
      result.value.type(id);
      result.value.resolve(id);
      result.value.sizeOf(id);
      result.value.declTags(id);
    }
    result.value.named("outer");
    result.value.flavouredIds();
  };
  it("is refused or walked, cut anywhere", () => {
    for (let length = 0; length < rawBtf.length; length += 7) walk(rawBtf.subarray(0, length));
    for (let length = 0; length < rawExt.length; length += 3) parseBtfExt(rawExt.subarray(0, length));
  });
  it("is refused or walked, with bytes flipped", () => {
    const random = randomNumbers(0x04c11db7);
    for (let round = 0; round < 200; round++) {
      const btf = rawBtf.slice();
      const ext = rawExt.slice();
      for (let flips = 1 + (random() % 5); flips > 0; flips--) {
        btf[random() % btf.length] = random() & 0xff;
        ext[random() % ext.length] = random() & 0xff;
      }
      walk(btf);
      parseBtfExt(ext);
    }
  });
});
