import { describe, expect, it } from "vitest";
import { unwrap } from "../../base/result.ts";
import { BtfKind } from "../../btf/types.ts";
import { makeKernel } from "../kernel.ts";
import { declarationsOf } from "../kfunc-header.ts";
import { parseOverlay } from "../overlay.ts";
import { smallPack } from "../testing/small-pack.ts";
import { kernelFor } from "./views.ts";

const doc = (rest: object): string => JSON.stringify({ schema: 1, name: "t", ...rest });
const parsed = (rest: object) => unwrap(parseOverlay(doc(rest)));
const make = (rest: object, kernel = "7.2") => unwrap(makeKernel(smallPack(kernel), parsed(rest), new Map([["7.2", smallPack("7.2")]])));
const expression = (text: string) => ({ language: "expression", text });

describe("documents that ask for what cannot be", () => {
  it.each([
    [{ changes: [{ op: "behave", function: "bpf_old", body: expression("1 +") }] }, "changes[0].body.text: expected a name or a number, found the end"],
    [{ changes: [{ op: "behave", function: "bpf_old", body: { language: "lua", text: "" } }] }, 'changes[0].body.language: expected one of "expression", "c", found "lua"'],
    [{ changes: [{ op: "versions", kfunc: "bpf_old", signatures: [] }] }, 'changes[0]: "versions" needs the kernel\'s "api"'],
    [{ api: { version: 1, supportWindow: 1 }, changes: [{ op: "versions", kfunc: "bpf_old", signatures: [{ from: 2 }, { from: 2 }] }] }, "changes[0].signatures[1].from: 2 does not come after 2"],
    [{ api: { version: 1, supportWindow: 1 }, changes: [{ op: "versions", kfunc: "bpf_old", signatures: [{ from: 2, prototype: "int bpf_other(void)" }] }] }, "changes[0].signatures[0].prototype: declares bpf_other, not bpf_old"],
    [{ changes: [{ op: "symbol version", version: "7.2", symbols: [] }] }, 'changes[0].version: expected a version such as "LINUX_7.2", found "7.2"'],
    [{ api: { version: -1, supportWindow: 1 } }, "api.version: expected a whole number from 0 to 1000000, found -1"],
    [{ changes: [{ op: "helper", id: 0.5 }] }, "changes[0].id: expected a whole number from 1 to 1000000, found 0.5"],
    [{ changes: [{ op: "program type", name: "x", section: "../x", struct: "s", fields: [], helpers: [] }] }, 'changes[0].section: expected a section such as "vnic/hash", found "../x"'],
  ])("%j", (rest, message) => expect(parseOverlay(doc(rest))).toEqual({ ok: false, error: `custom kernel: ${message}` }));

  it.each([
    [{ changes: [{ op: "behave", function: "bpf_old", body: expression("other") }] }, 'changes[0].body.text: no parameter "other"; there are: p (character 1)'],
    [{ changes: [{ op: "program type", name: "sched_cls", section: "x", struct: "s", fields: [], helpers: [] }] }, "changes[0].name: there is a program type sched_cls already"],
    [{ changes: [{ op: "program type", name: "x", section: "x", struct: "task_struct", fields: [], helpers: [] }] }, "changes[0].struct: kernel 7.2 has a struct task_struct already"],
    [{ changes: [{ op: "program type", name: "x", section: "x", struct: "s", fields: [{ name: "a", type: "__u32", access: "read" }, { name: "b", type: "__u32", access: "read", offset: 2 }], helpers: [] }] }, "changes[0].fields[1].offset: 2 is no multiple of 4, the size of __u32"],
    [{ changes: [{ op: "program type", name: "x", section: "x", struct: "s", fields: [{ name: "a", type: "__u64", access: "read write", role: "data" }], helpers: [] }] }, 'changes[0].fields[0]: a field that reads as data is one __u32 with access "read"'],
    [{ changes: [{ op: "program type", name: "x", section: "x", struct: "s", fields: [{ name: "t", type: "__u32", access: "read", pointsTo: "task_struct" }], helpers: [] }] }, 'changes[0].fields[0]: a field that points to struct task_struct is one __u64 with access "read" and no role'],
    [{ changes: [{ op: "program type", name: "x", section: "x", struct: "s", fields: [{ name: "t", type: "__u64", access: "read", mayBeNull: true }], helpers: [] }] }, "changes[0].fields[0].mayBeNull: only a pointer has it; pointsTo is missing"],
    [{ changes: [{ op: "symbol version", version: "A_1", symbols: [] }, { op: "symbol version", version: "A_1", symbols: [] }] }, "changes[1].version: there is a set A_1 already"],
    [{ changes: [{ op: "backport", kfunc: "bpf_old", from: "9.9" }] }, "changes[0].from: there is no kernel 9.9 to take it from"],
    [{ changes: Array.from({ length: 17 }, (_, i) => ({ op: "program type", name: `t${i}`, section: `t${i}`, struct: `s${i}`, fields: [], helpers: [] })) }, "changes[16]: more than 16 program types"],
  ])("%j", (rest, message) => expect(makeKernel(smallPack(), parsed(rest))).toEqual({ ok: false, error: `custom kernel: ${message}` }));

  it("a thousand changes take no time to speak of", () => {
    const changes = Array.from({ length: 1000 }, (_, i) => ({ op: "add", prototype: `int bpf_made_${i}(struct task_struct *task, u64 flags)`, programTypes: ["sched_cls"], body: expression("flags + 1") }));
    const start = performance.now();
    expect(make({ changes }).kfunc("bpf_made_999")?.body).toBeDefined();
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe("contexts that point to structs", () => {
  const pointing = (pointsTo: string, more: object = {}) => make({ changes: [
    { op: "program type", name: "x", section: "x", struct: "x_ctx", fields: [{ name: "n", type: "__u32", access: "read" }, { name: "p", type: "__u64", access: "read", pointsTo, ...more }], helpers: [] },
  ] });
  it("read as pointers, whole, and are declared as such", () => {
    const kernel = pointing("task_struct", { mayBeNull: true });
    expect(kernel.ctxAccess("x", null)?.fields.filter((f) => f.off >= 8)).toEqual([{ off: 8, size: 8, read: "trusted_ptr_task_struct_or_null", write: false }]);
    expect(declarationsOf(kernel)).toContain("\tstruct task_struct *p;\n");
  });
  it("cannot be read where the release has no such struct, and it says so", () => {
    const kernel = pointing("no_such");
    expect(kernel.ctxAccess("x", null)?.fields.at(-1)).toEqual({ off: 8, size: 8, read: null, write: false });
    expect(kernel.policy?.notes).toEqual(["changes[0].fields[1].pointsTo: kernel 7.2 has no struct no_such; programs cannot read the field"]);
    expect(declarationsOf(kernel)).toContain("struct no_such *p;");
  });
});

describe("changes with a release", () => {
  it("come into force with the release the kernel calls itself", () => {
    const changes = [{ op: "remove", kfunc: "bpf_old", since: "7.4" }];
    expect(make({ changes }).kfunc("bpf_old")).toBeDefined();
    expect(make({ changes, simulatedRelease: "7.4" }).kfunc("bpf_old")).toBeUndefined();
  });
});

describe("renames", () => {
  it("move the function with its BTF id; an alias is one of its own", () => {
    const plain = make({}).kfunc("bpf_old")!;
    const renamed = make({ changes: [{ op: "rename", kfunc: "bpf_old", to: "bpf_fresh" }] });
    expect(renamed.kfunc("bpf_fresh")).toMatchObject({ origin: "bpf_old", module: null, btfId: plain.btfId });
    expect(renamed.btf!.find(BtfKind.FUNC, "bpf_fresh")).toBe(plain.btfId);
    expect(renamed.btf!.find(BtfKind.FUNC, "bpf_old")).toBeUndefined();
    const alias = make({ changes: [{ op: "rename", kfunc: "bpf_old", to: "bpf_fresh", alias: true }] });
    expect(alias.kfunc("bpf_old")).toEqual(plain);
    expect(alias.kfunc("bpf_fresh")).toMatchObject({ origin: "bpf_old", module: "lab", flags: plain.flags });
  });
});

describe("API versions", () => {
  const overlay = {
    api: { version: 3, supportWindow: 2 },
    changes: [
      { op: "versions", kfunc: "bpf_old", signatures: [{ from: 2, prototype: "int bpf_old(struct task_struct *p, u64 flags)" }, { from: 3, absent: true }] },
      { op: "helper versions", helper: "bpf_two", meanings: [{ from: 2, means: "bpf_map_lookup_elem" }, { from: 3, absent: true }] },
    ],
  };
  it("show each program the kernel of its version, and nothing outside the window", () => {
    const kernel = make(overlay);
    const at = (version: number) => unwrap(kernelFor(kernel, version));
    const parameters = (version: number): number | undefined => {
      const entry = at(version).kfunc("bpf_old");
      const btf = entry && (entry.module === null ? at(version).btf : at(version).modules.get(entry.module));
      const func = entry && btf?.type(entry.btfId);
      const proto = func?.kind === BtfKind.FUNC ? btf?.type(func.type) : undefined;
      return proto?.kind === BtfKind.FUNC_PROTO ? proto.params.length : undefined;
    };
    expect([1, 2, 3].map(parameters)).toEqual([1, 2, undefined]);
    expect([1, 2, 3].map((v) => at(v).helper(2)?.name)).toEqual(["bpf_two", "bpf_map_lookup_elem", undefined]);
    expect(kernelFor(kernel, 0)).toEqual({ ok: false, error: "the program declares no API version, which counts as 0; kernel 7.2+t has API version 3 and keeps 1 to 3" });
    expect(kernelFor(at(2), 1)).toEqual(kernelFor(kernel, 1));
    expect(kernel.policy!.api).toMatchObject({ version: 3, oldest: 1, shown: 3 });
  });
});

describe("what programs are compiled with", () => {
  it("a kfunc by API version is declared as the version has it that the program defines", () => {
    const kernel = make({
      api: { version: 4, supportWindow: 3 },
      changes: [{ op: "versions", kfunc: "bpf_made", signatures: [{ from: 2, prototype: "int bpf_made(int a)", programTypes: ["sched_cls"] }, { from: 4, prototype: "int bpf_made(int a, int b)" }] }],
    });
    const declared = (args: string): string => `extern int bpf_made(${args}) __attribute__((weak)) __attribute__((section(".ksyms")));`;
    expect(declarationsOf(kernel)).toContain([
      "#if !defined(BPF_API) || BPF_API >= 4", declared("int a, int b"), "#elif BPF_API >= 2", declared("int a"), "#elif BPF_API >= 1", "", "#endif",
    ].join("\n"));
  });

  it("vmlinux.h is followed by structs, functions and versions that the document brought", () => {
    const kernel = make({
      changes: [
        { op: "add", prototype: "int bpf_made(struct hook_ctx *ctx)", programTypes: ["hook"] },
        { op: "program type", name: "hook", section: "hook", struct: "hook_ctx", fields: [{ name: "a", type: "__u8", access: "read" }, { name: "b", type: "__u64", offset: 16, access: "read" }, { name: "c", type: "__u16", count: 3, access: "read" }], helpers: [] },
        { op: "symbol version", version: "V_1", symbols: [{ name: "bpf_old", prototype: "int bpf_old(u64 a)" }] },
        { op: "symbol version", version: "V_2.1", symbols: [{ name: "bpf_old" }] },
      ],
    });
    const text = declarationsOf(kernel);
    expect(text).toMatch(/struct hook_ctx \{\n\tunsigned char a;\n\tunsigned char __gap_1\[15\];\n\tlong long unsigned int b;\n\tshort unsigned int c\[3\];\n\};/);
    expect(text).toContain("extern int bpf_made(struct hook_ctx *ctx) __attribute__((weak))");
    expect(text).toContain("extern int bpf_old___V_1(u64 a) ");
    expect(text).toContain("extern int bpf_old___V_2_1(struct task_struct *p) ");
    expect(kernel.ctxAccess("hook", null)!.fields.filter((f) => f.off === 16)).toEqual([1, 2, 4, 8].map((size) => ({ off: 16, size, read: "scalar", write: false })));
    expect(kernel.manifest.progTypes.find((t) => t.name === "hook")?.id).toBeGreaterThan(26);
  });
});
