import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { unwrap } from "../base/result.ts";
import { BtfKind } from "../btf/types.ts";
import { makeKernel } from "./kernel.ts";
import { overlayJsonSchema } from "./overlay-schema.ts";
import type { Overlay } from "./overlay-schema.ts";
import { LAB_MODULE, parseOverlay } from "./overlay.ts";
import { deprecationWarning } from "./policy.ts";
import { smallPack } from "./testing/small-pack.ts";

const doc = (rest: object): string => JSON.stringify({ schema: 1, name: "t", ...rest });
const parsed = (rest: object): Overlay => unwrap(parseOverlay(doc(rest)));
const make = (rest: object, kernel = "7.2") => unwrap(makeKernel(smallPack(kernel), parsed(rest)));

describe("overlay documents", () => {
  it.each([
    ["{", "not JSON: Expected property name or '}' at line 1, column 2"],
    ["[]", "the document: expected an object, found a list"],
    ['{"schema":2,"name":"x"}', "schema: expected 1, found 2"],
    ['{"schema":1}', "name: is missing; expected a short name of letters, digits, dots and dashes"],
    [doc({ nmae: 1 }), "nmae: unknown field; there are: schema, name, title, description, base, simulatedRelease, btf, api, changes"],
    [doc({ changes: [{ op: "rm" }] }), 'changes[0].op: expected one of "deprecate", "remove", "add", "rename", "change", "behave", "versions", "helper versions", "symbol version", "helper", "backport", "add type", "remove type", "remove field", "program type", found "rm"'],
    [doc({ changes: [{ op: "deprecate", kfunc: "a", removedIn: 7.6 }] }), 'changes[0].removedIn: expected a release such as "7.6", found 7.6'],
    [doc({ changes: [{ op: "add", prototype: "int f(", programTypes: [] }] }), "changes[0].prototype: expected a type, found the end"],
    [doc({ changes: [{ op: "add", prototype: "int (*f)(void)", programTypes: [] }] }), 'changes[0].prototype: expected the function\'s name, found "("'],
  ])("%s", (source, message) => {
    expect(parseOverlay(source)).toEqual({ ok: false, error: `custom kernel: ${message}` });
  });

  it("the committed JSON Schema is the one this description makes (npm run lab-schema)", () => {
    const path = new URL("../../public/kernels/overlay.schema.json", import.meta.url);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(overlayJsonSchema());
  });
});

describe("a kernel with an overlay", () => {
  const deprecate = { op: "deprecate", kfunc: "bpf_old", removedIn: "7.6", replacement: "bpf_new" };

  it("warns of a deprecated kfunc and keeps it", () => {
    const kernel = make({ changes: [deprecate] });
    expect(kernel.name).toBe("7.2+t");
    expect(kernel.kfunc("bpf_old")?.flags).toContain("KF_DEPRECATED");
    expect(deprecationWarning(kernel, "bpf_old")).toBe("kfunc bpf_old is deprecated and goes away in kernel 7.6; use bpf_new");
    expect(deprecationWarning(kernel, "bpf_new")).toBeNull();
  });

  it("removes it once the simulated release is past the date", () => {
    for (const [simulatedRelease, there] of [["7.5", true], ["7.6", false], ["7.10", false], ["6.0", true]] as const) {
      const kernel = make({ simulatedRelease, changes: [deprecate] });
      expect(kernel.kfunc("bpf_old") !== undefined, simulatedRelease).toBe(there);
      expect(kernel.btf!.find(BtfKind.FUNC, "bpf_old") !== undefined).toBe(there);
      expect(kernel.btf!.named("bpf_old").length > 0).toBe(there);
      expect(kernel.policy!.removed.get("bpf_old")?.replacement).toBe(there ? undefined : "bpf_new");
    }
    expect(make({ simulatedRelease: "7.6", changes: [] }).version).toEqual({ major: 7, minor: 6, patch: 0 });
  });

  it("adds a kfunc with BTF of its own", () => {
    const kernel = make({
      changes: [{ op: "add", prototype: "const struct task_struct *bpf_made(u64 flags, unsigned long long x, void *out);", flags: ["KF_RET_NULL"], programTypes: ["sched_cls", "xdpp"] }],
    });
    const entry = kernel.kfunc("bpf_made")!;
    expect(entry).toMatchObject({ module: LAB_MODULE, flags: ["KF_RET_NULL"], progTypes: ["sched_cls"] });
    const btf = kernel.modules.get(LAB_MODULE)!;
    const func = btf.type(entry.btfId)!;
    expect(func).toMatchObject({ kind: BtfKind.FUNC, name: "bpf_made" });
    const proto = btf.type((func as { type: number }).type)!;
    expect(proto).toMatchObject({ kind: BtfKind.FUNC_PROTO, params: [{ name: "flags", type: 3 }, { name: "x", type: 2 }, { name: "out" }] });
    expect(btf.declTags(entry.btfId)).toEqual(["bpf_kfunc"]);
    expect(kernel.kfuncById(LAB_MODULE, entry.btfId)).toBe(entry);
    expect(kernel.policy!.notes).toEqual(["changes[0].programTypes: kernel 7.2 has no program type xdpp"]);
  });

  it("says which type a prototype names that the kernel lacks", () => {
    const made = makeKernel(smallPack(), parsed({ changes: [{ op: "add", prototype: "int f(struct nowhere *p)", programTypes: [] }] }));
    expect(made).toEqual({ ok: false, error: 'custom kernel: changes[0].prototype: this kernel\'s BTF has no type "struct nowhere" (kernel 7.2)' });
  });

  it("changes a prototype, keeping flags and program types", () => {
    const kernel = make({ changes: [{ op: "change", prototype: "int bpf_old(struct task_struct *p, u64 flags)" }] });
    const entry = kernel.kfunc("bpf_old")!;
    expect(entry).toMatchObject({ module: LAB_MODULE, flags: ["KF_RCU"], progTypes: ["tracing"] });
    expect(kernel.btf!.find(BtfKind.FUNC, "bpf_old")).toBeUndefined();
    expect(kernel.policy!.changed.get("bpf_old")).toContain("u64 flags");
  });

  it("notes what the release makes pointless instead of failing", () => {
    const kernel = make({ changes: [{ op: "remove", kfunc: "bpf_odl" }, { op: "add", prototype: "int bpf_new(void)", programTypes: [] }] });
    expect(kernel.policy!.notes).toEqual([
      "changes[0]: kernel 7.2 has no kfunc bpf_odl to remove (nearest: bpf_old)",
      "changes[1]: kernel 7.2 has bpf_new already; its own is kept",
    ]);
  });

  it("without BTF there are no kfuncs and no BTF option", () => {
    const kernel = make({ btf: false, changes: [{ op: "add", prototype: "int f(void)", programTypes: ["tracing"] }] });
    expect(kernel.btf).toBeNull();
    expect(kernel.modules.size).toBe(0);
    expect(kernel.kfunc("bpf_old")).toBeUndefined();
    expect(kernel.config("CONFIG_DEBUG_INFO_BTF")).toBeUndefined();
    expect(kernel.config("CONFIG_HZ")).toBe("250");
    expect(kernel.helperProto(1, "sched_cls", null)).toMatchObject({ pktAccess: true });
  });

  it("leaves the pack as it was", () => {
    const pack = smallPack();
    unwrap(makeKernel(pack, parsed({ changes: [{ op: "remove", kfunc: "bpf_old" }] })));
    expect(unwrap(makeKernel(pack)).kfunc("bpf_old")).toBeDefined();
  });
});
