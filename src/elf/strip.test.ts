import { describe, expect, it } from "vitest";
import { unwrap } from "../base/result.ts";
import { fixture } from "../loader/testing/fixtures.ts";
import { parseElf } from "./parse.ts";
import { stripDebug } from "./strip.ts";

describe("an object without its DWARF", () => {
  // .BTF.ext and what relocates it play DWARF: a name of the same length.
  const bytes = Uint8Array.from(Buffer.from(fixture("small.bpf.o")).toString("latin1").replace(".BTF.ext", ".debug_x"), (c) => c.charCodeAt(0));
  const before = unwrap(parseElf(bytes));
  const after = unwrap(parseElf(stripDebug(bytes)));

  it("is smaller and keeps everything else in its place", () => {
    expect(before.sections.some((s) => s.name.startsWith(".debug_"))).toBe(true);
    expect(stripDebug(bytes).length).toBeLessThan(bytes.length);
    for (const section of before.sections) {
      const now = after.sections[section.index]!;
      if (/debug_/.test(section.name)) expect([now.type, now.size]).toEqual([0, 0]);
      else expect([now.name, now.type, now.data]).toEqual([section.name, section.type, section.data]);
    }
    expect(after.symbols).toEqual(before.symbols);
  });

  it("stays as it is when stripped twice; what is no object is given back", () => {
    expect(stripDebug(stripDebug(bytes))).toEqual(stripDebug(bytes));
    expect(stripDebug(Uint8Array.of(1, 2))).toEqual(Uint8Array.of(1, 2));
  });
});
