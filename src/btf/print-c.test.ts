import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../base/result.ts";
import { createNodeCompiler } from "../compiler/node.ts";
import type { Compiler } from "../compiler/compiler.ts";
import { kernelBtf } from "../loader/testing/fixtures.ts";
import { printDeclaration, printPrototype, printType, printTypeName } from "./print-type.ts";
import { printTypes, printVmlinuxH } from "./print-c.ts";
import { OverlayBtf } from "./overlay.ts";
import { BtfKind, type Btf, type BtfType } from "./types.ts";

const btf = kernelBtf();
const struct = (name: string): number => btf.find(BtfKind.STRUCT, name) ?? 0;

/** C that compiles only when every named struct and union has the sizes and offsets BTF gives it. */
function layoutAsserts(of: Btf): { text: string; count: number } {
  const lines: string[] = [];
  const tags = new Set<number>([BtfKind.STRUCT, BtfKind.UNION, BtfKind.ENUM, BtfKind.ENUM64, BtfKind.FWD]);
  for (let id = 1; id < of.count; id++) {
    const type = of.type(id);
    if ((type?.kind !== BtfKind.STRUCT && type?.kind !== BtfKind.UNION) || type.name === "") continue;
    if (of.named(type.name).filter((other) => tags.has(of.type(other)?.kind ?? 0)).length > 1) continue;
    const c = `${type.kind === BtfKind.STRUCT ? "struct" : "union"} ${type.name}`;
    lines.push(`_Static_assert(sizeof(${c}) == ${type.size}, "");`);
    for (const member of type.members) {
      if (member.name !== "" && member.bitfieldSize === 0) lines.push(`_Static_assert(__builtin_offsetof(${c}, ${member.name}) == ${member.bitOffset / 8}, "");`);
    }
  }
  return { text: lines.join("\n"), count: lines.length };
}

describe("the header", () => {
  const header = printVmlinuxH(btf, { kfuncs: ["bpf_outer_get", "no_such_function"] });
  it("defines what is embedded first and declares forward what is only pointed at", () => {
    const at = (text: string): number => {
      expect(header).toContain(text);
      return header.indexOf(text);
    };
    expect(at("struct inner {")).toBeLessThan(at("struct outer {"));
    expect(at("struct outer;\n")).toBeLessThan(at("struct my_ops {"));
    expect(at("typedef unsigned long long u64;")).toBeLessThan(at("u64 added_in_this_release;"));
  });
  it("spells members as C", () => {
    expect(header).toContain("\tint (*first)(struct outer *);\n\tvoid (*second)(int, u64);\n\tu32 flags;\n\tchar name[16];\n};");
    expect(header).toContain("\tstruct {\n\t\tu32 anon_a;\n\t\tunion {\n\t\t\tu32 anon_b;\n\t\t\tu8 anon_c[4];\n\t\t};\n\t};");
    expect(header).toContain("\tu32 low: 3;\n\tu32 high: 9;\n\tint negative: 5;");
    expect(header).toContain("\tu16 c;\n} __attribute__((packed));");
    expect(header).toContain("\tBIG_B = 4294967298ULL,");
    expect(header).toContain("struct list_head {\n\tstruct list_head *next;\n\tstruct list_head *prev;\n};");
  });
  it("declares kfuncs and keeps accesses relocatable", () => {
    expect(header).toContain("extern struct outer *bpf_outer_get(u64 id) __weak __ksym;\n#endif");
    expect(header).not.toContain("no_such_function");
    expect(header).toContain("#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)");
  });
  it("tells types of one name apart", () => {
    const twice = new OverlayBtf(btf);
    twice.add((id): BtfType => ({ kind: BtfKind.STRUCT, id, name: "inner", size: 1, kindFlag: false, members: [{ name: "other", type: btf.find(BtfKind.TYPEDEF, "u8") ?? 0, bitOffset: 0, bitfieldSize: 0 }] }));
    expect(printVmlinuxH(twice)).toContain("struct inner___2 {\n\tu8 other;\n};");
  });
  it("prints a part with what it needs", () => {
    const part = printTypes(btf, [struct("my_ops")]);
    expect(part).toContain("struct outer;");
    expect(part).not.toContain("struct packed_one");
  });
});

describe("single types", () => {
  it("have names, declarations, prototypes and definitions", () => {
    const member = (name: string): number => {
      const outer = btf.type(struct("my_ops"));
      return (outer?.kind === BtfKind.STRUCT && outer.members.find((one) => one.name === name)?.type) || 0;
    };
    expect(printTypeName(btf, member("first"))).toBe("int (*)(struct outer *)");
    expect(printDeclaration(btf, member("name"), "text")).toBe("char text[16]");
    expect(printPrototype(btf, btf.find(BtfKind.FUNC, "bpf_changed") ?? 0)).toBe("int bpf_changed(u64 a, int b)");
    expect(printPrototype(btf, struct("inner"))).toBeUndefined();
    expect(printType(btf, btf.find(BtfKind.ENUM, "color") ?? 0)).toBe("enum color {\n\tRED = 0,\n\tGREEN = 5,\n\tBLUE = 6,\n};");
    expect(printType(btf, btf.find(BtfKind.TYPEDEF, "btf_trace_my_event") ?? 0)).toBe("typedef void (*btf_trace_my_event)(void *, struct outer *, int);");
    expect(printTypeName(btf, 0)).toBe("void");
  });
  it("end even when they contain themselves", () => {
    const odd = new OverlayBtf(btf);
    const loop = odd.add((id): BtfType => ({ kind: BtfKind.STRUCT, id, name: "", size: 8, kindFlag: false, members: [{ name: "", type: id, bitOffset: 0, bitfieldSize: 0 }] }));
    const pointer = odd.add((id): BtfType => ({ kind: BtfKind.PTR, id, name: "", type: id }));
    expect(printType(odd, loop).length).toBeLessThan(100_000);
    expect(printTypeName(odd, pointer).length).toBeLessThan(100_000);
    expect(printVmlinuxH(odd).length).toBeLessThan(1_000_000);
  });
});

describe("what clang makes of it", () => {
  let compiler: Compiler;
  beforeAll(async () => {
    compiler = unwrap(await createNodeCompiler());
  }, 120_000);
  it("has the layouts of BTF", async () => {
    const { text, count } = layoutAsserts(btf);
    expect(count).toBeGreaterThan(25);
    const result = await compiler.compile({ files: { "layout.c": `${printVmlinuxH(btf)}\n${text}\n` }, kernel: null });
    expect(result.diagnostics).toEqual([]);
    expect(result.ok).toBe(true);
  }, 60_000);
});

describe("types that multiply", () => {
  it("do not multiply the work", () => {
    const odd = new OverlayBtf(btf);
    let inner = btf.find(BtfKind.TYPEDEF, "u8") ?? 0;
    for (let level = 0; level < 60; level++) {
      const type = inner;
      inner = odd.add((id): BtfType => ({ kind: BtfKind.STRUCT, id, name: level === 59 ? "doubled" : "", size: 2 ** Math.min(level, 30), kindFlag: false, members: [0, 1].map((i) => ({ name: `m${i}`, type, bitOffset: 8 * i, bitfieldSize: 0 })) }));
    }
    expect(printType(odd, inner).length).toBeGreaterThan(1000);
  }, 60_000);
});
