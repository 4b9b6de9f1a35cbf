import { describe, expect, it } from "vitest";
import { unwrap } from "../base/result.ts";
import { fixture, randomNumbers } from "../loader/testing/fixtures.ts";
import { EM_BPF, ET_REL, R_BPF_64_32, R_BPF_64_64, STB_WEAK, STT_FUNC } from "./constants.ts";
import { parseElf } from "./parse.ts";

const features = fixture("features.bpf.o");
const small = fixture("small.bpf.o");

describe("parseElf", () => {
  const elf = unwrap(parseElf(features));
  it("reads header, sections and their bytes", () => {
    expect(elf).toMatchObject({ machine: EM_BPF, type: ET_REL });
    expect(new TextDecoder().decode(elf.section("license")?.data)).toBe("Dual BSD/GPL\0");
    expect(elf.section(".bss")).toMatchObject({ size: 8, data: new Uint8Array(0) });
    expect(elf.section("no such section")).toBeUndefined();
  });
  it("reads symbols with binding, visibility and place", () => {
    const program = elf.symbols.find((symbol) => symbol.name === "maps_and_globals");
    expect(program).toMatchObject({ type: STT_FUNC, shndx: elf.section("xdp")?.index, value: 0 });
    expect(elf.symbols.find((symbol) => symbol.name === "bpf_gone")).toMatchObject({ bind: STB_WEAK, shndx: 0 });
    expect(elf.symbols.find((symbol) => symbol.name === "hidden_sub")).toMatchObject({ visibility: 2 });
  });
  it("gives relocations by the section they are for", () => {
    const xdp = elf.relocations.get(elf.section("xdp")?.index ?? -1) ?? [];
    expect(xdp.filter((relocation) => relocation.type === R_BPF_64_32).map((relocation) => elf.symbols[relocation.symbol]?.name)).toEqual(["global_sub", "hidden_sub"]);
    expect(xdp.filter((relocation) => relocation.type === R_BPF_64_64).length).toBe(5);
  });
});

describe("what is no eBPF object", () => {
  const patched = (at: number, ...bytes: number[]): Uint8Array => {
    const copy = small.slice();
    copy.set(bytes, at);
    return copy;
  };
  it.each([
    ["nothing", new Uint8Array(0), "the file is empty"],
    ["a text", new TextEncoder().encode("int main(void) {}"), "not an ELF object"],
    ["32 bits", patched(4, 1), "not a 64-bit ELF object"],
    ["big endian", patched(5, 2), "big endian"],
    ["an executable", patched(16, 2), "not a relocatable object"],
    ["x86", patched(18, 62), "made for another machine (e_machine 62)"],
    ["no sections", patched(40, 0, 0, 0, 0, 0, 0, 0, 0), "no section header table"],
    ["sections outside", patched(44, 1), "lies outside the file"],
    ["absurd section offset", patched(40, 255, 255, 255, 255, 255, 255, 255, 255), "is absurd"],
    ["more sections than bytes", patched(60, 0xff, 0xff), "runs past the end of the file"],
    ["names nowhere", patched(62, 0xfe, 0xff), "failed to get section names"],
  ])("%s", (_, bytes, message) => {
    const result = parseElf(bytes);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.error.message).toContain(message);
  });
  it("refuses every file that is cut short", () => {
    for (let length = 0; length < small.length; length++) expect(parseElf(small.subarray(0, length)).ok).toBe(false);
  });
  it("survives flipped bytes", () => {
    const random = randomNumbers(0x1db71064);
    for (let round = 0; round < 1000; round++) {
      const copy = small.slice();
      for (let flips = 1 + (random() % 4); flips > 0; flips--) copy[random() % copy.length] = random() & 0xff;
      const result = parseElf(copy);
      if (!result.ok) expect(result.error.message).toMatch(/^elf: /);
    }
  });
  it("does not let tables overlap to multiply", () => {
    // every section header claims to be the same large relocation table
    const copy = new Uint8Array(64 + 64 * 400 + 4096);
    copy.set(small.subarray(0, 64));
    const view = new DataView(copy.buffer);
    view.setBigUint64(40, 64n, true);
    view.setUint16(60, 400, true);
    view.setUint16(62, 1, true);
    for (let i = 1; i < 400; i++) {
      view.setUint32(64 + 64 * i + 4, i === 1 ? 3 : i === 2 ? 2 : 9, true);
      view.setBigUint64(64 + 64 * i + 24, 64n, true);
      view.setBigUint64(64 + 64 * i + 32, 24000n, true);
      view.setUint32(64 + 64 * i + 40, i === 2 ? 1 : 2, true);
      view.setUint32(64 + 64 * i + 44, 2, true);
    }
    expect(parseElf(copy).ok).toBe(false);
  });
});
