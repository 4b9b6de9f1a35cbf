import { describe, expect, it } from "vitest";
import { unwrap } from "../base/result.ts";
import { changesBetween, describeChange, lifeRows } from "./api-change.ts";
import { explainMissing, explanationText, findApi } from "./api-explain.ts";
import { buildApiDb, kernelApis } from "./api-life.ts";
import type { KernelApis } from "./api-life.ts";
import { loadApiDb, storeApiDb } from "./api-store.ts";
import type { ApiState } from "./api-types.ts";
import { splitSignature } from "./c-signature.ts";
import { helperPrototypes } from "./helper-prototypes.ts";
import { makeKernel } from "./kernel.ts";
import { smallPack } from "./testing/small-pack.ts";

const state = (signature: string, rest: Partial<ApiState> = {}): ApiState => ({ signature, flags: [], programTypes: ["struct_ops"], module: null, protos: [], ...rest });
const kernel = (name: string, kfuncs: Record<string, ApiState>, off: string[] = [], imageOnly = false): KernelApis => ({ kernel: name, release: `${name}.1`, off, imageOnly, helpers: new Map(), kfuncs: new Map(Object.entries(kfuncs)) });

const dispatch = state("void scx_bpf_dispatch(struct task_struct *p, u64 dsq_id, u64 slice, u64 enq_flags)");
const insert = state("void scx_bpf_dsq_insert(struct task_struct *p, u64 dsq_id, u64 slice, u64 enq_flags)");
const insertBool = state("bool scx_bpf_dsq_insert(struct task_struct *p, u64 dsq_id, u64 slice, u64 enq_flags)");
const db = buildApiDb([
  kernel("6.18", { scx_bpf_dsq_insert: insertBool, bpf_wq_set_callback: state("int bpf_wq_set_callback(struct bpf_wq *wq, int (*callback_fn)(void *, int *, void *), unsigned int flags)"), bpf_size: state("int bpf_size(u64 size)", { flags: ["KF_RCU"] }) }),
  kernel("6.12", { bpf_size: state("int bpf_size(u32 size)"), bpf_wq_set_callback_impl: state("int bpf_wq_set_callback_impl(struct bpf_wq *wq, int (*callback_fn)(void *, int *, void *), unsigned int flags, void *aux__prog)") }, ["CONFIG_SCHED_CLASS_EXT"]),
  kernel("6.16", { scx_bpf_dispatch: dispatch, scx_bpf_dsq_insert: insert, bpf_size: state("int bpf_size(u32 size)") }),
]);
const on = (name: string) => unwrap(makeKernel(smallPack(name)));

describe("the life of an API", () => {
  it("has first and last kernel and a stretch for each state", () => {
    expect(findApi(db, "scx_bpf_dispatch")).toMatchObject({ since: "6.16", until: "6.16", spans: [{ from: "6.16", to: "6.16" }] });
    expect(findApi(db, "bpf_size")).toMatchObject({ since: "6.12", until: null, spans: [{ from: "6.12", to: "6.16" }, { from: "6.18", to: "6.18" }] });
    expect(lifeRows(db, findApi(db, "bpf_size")!).map((r) => r.change)).toEqual([null, null, "parameter size: u32 → u64; flags +KF_RCU"]);
    expect(lifeRows(db, findApi(db, "scx_bpf_dispatch")!).map((r) => r.change)).toEqual([null, "new", "gone; scx_bpf_dsq_insert takes its place"]);
  });
  it("derives the replacement of what is gone", () => {
    expect(findApi(db, "scx_bpf_dispatch")?.replacement).toMatchObject({ name: "scx_bpf_dsq_insert", how: "rename", sameArguments: true, since: "6.16" });
    expect(findApi(db, "bpf_wq_set_callback_impl")?.replacement).toMatchObject({ name: "bpf_wq_set_callback", how: "implicit argument", sameArguments: false });
  });
  it("lists what changed between two kernels", () => {
    expect(changesBetween(db, "6.16", "6.18").map((c) => `${c.what} ${c.name}`)).toEqual(["removed scx_bpf_dispatch", "added bpf_wq_set_callback", "changed bpf_size", "changed scx_bpf_dsq_insert"]);
  });
  it("survives being stored, and is stored the same however the kernels come", () => {
    const text = storeApiDb(db);
    expect(loadApiDb(text)).toEqual({ ok: true, value: db });
    for (const bad of ["", "{}", '{"schema":1,"kernels":[],"programTypes":[],"apis":[{}]}', "null"]) expect(loadApiDb(bad).ok, bad).toBe(false);
  });
  it("says that it does not know where a pack has no modules", () => {
    const inModule = state("void bbr_main(struct sock *sk)", { module: "tcp_bbr" });
    const gaps = buildApiDb([kernel("6.18", { bbr_main: inModule }), kernel("7.0", {}, [], true), kernel("7.2", { bbr_main: inModule })]);
    const life = findApi(gaps, "bbr_main")!;
    expect(lifeRows(gaps, life).map((r) => [r.kernel, r.known, r.change])).toEqual([["6.18", true, null], ["7.0", false, null], ["7.2", true, null]]);
    expect(changesBetween(gaps, "6.18", "7.0")).toEqual([]);
    expect(changesBetween(gaps, "6.18", "7.2")).toEqual([]);
    expect(explainMissing("bbr_main", on("7.0"), gaps)).toMatchObject({ status: "not known", sentences: [expect.stringContaining("whether 7.0 has it is not known"), expect.anything()] });
  });
  it("offers the form with the argument that the verifier fills, both ways", () => {
    const ago = buildApiDb([
      kernel("6.18", { bpf_wq_impl: state("int bpf_wq_impl(struct bpf_wq *wq, void *aux__prog)") }),
      kernel("7.2", { bpf_wq: state("int bpf_wq(struct bpf_wq *wq)") }),
    ]);
    expect(explainMissing("bpf_wq_impl", on("7.2"), ago).fixes[0]).toMatchObject({ kind: "rename", to: "bpf_wq", lastArgument: "drop" });
    expect(explainMissing("bpf_wq", on("6.18"), ago).fixes[0]).toMatchObject({ kind: "rename", to: "bpf_wq_impl", lastArgument: "add" });
  });
  it("reads a kernel's APIs", () => {
    const apis = kernelApis(on("7.2"));
    expect(apis.kfuncs.get("bpf_old")).toEqual({ signature: "int bpf_old(struct task_struct *p)", flags: ["KF_RCU"], programTypes: ["tracing"], module: null, protos: [] });
    expect(apis.helpers.get("bpf_two")?.state.programTypes).toEqual(["sched_cls", "tracing"]);
    expect(apis.off).toContain("CONFIG_SCHED_CLASS_EXT");
  });
});

describe("explaining what is missing", () => {
  it("names the replacement and the weak declaration", () => {
    const why = explainMissing("scx_bpf_dispatch", on("6.18"), db);
    expect(explanationText(why)).toBe("scx_bpf_dispatch: in 6.16, gone in 6.18; scx_bpf_dsq_insert takes the same arguments and exists from 6.16 on; a weak declaration and bpf_ksym_exists() let one object serve both");
    expect(why).toMatchObject({ status: "removed", since: "6.16", until: "6.16", replacement: "scx_bpf_dsq_insert" });
    expect(why.fixes).toEqual([
      { kind: "rename", title: "Call scx_bpf_dsq_insert instead of scx_bpf_dispatch", from: "scx_bpf_dispatch", to: "scx_bpf_dsq_insert" },
      {
        kind: "guard", title: "Call scx_bpf_dispatch only where the kernel has it", name: "scx_bpf_dispatch",
        declaration: "extern void scx_bpf_dispatch(struct task_struct *p, u64 dsq_id, u64 slice, u64 enq_flags) __ksym __weak;", condition: "bpf_ksym_exists(scx_bpf_dispatch)",
      },
    ]);
  });
  it("tells what is not built from what is not there yet", () => {
    expect(explainMissing("scx_bpf_dsq_insert", on("6.12"), db)).toMatchObject({ status: "not built", sentences: [expect.stringContaining("6.12 is built without CONFIG_SCHED_CLASS_EXT"), expect.anything()] });
    expect(explainMissing("bpf_wq_set_callback", on("6.16"), db).status).toBe("later");
  });
  it("knows wrong names, suffixes, program types and custom kernels", () => {
    expect(explainMissing("bpf_szie", on("6.18"), db)).toMatchObject({ status: "unknown", sentences: ["bpf_szie: no kernel from 6.12 to 6.18 has it; nearest: bpf_size"] });
    expect(explainMissing("scx_bpf_dispatch___old", on("6.18"), db).status).toBe("removed");
    expect(explainMissing("bpf_size", on("6.18"), db, { progType: "xdp" })).toMatchObject({ status: "not allowed", sentences: ["bpf_size: kernel 6.18 has it, but not for xdp programs; program types that may call it: struct_ops"] });
    const lab = unwrap(makeKernel(smallPack("6.18"), { schema: 1, name: "t", simulatedRelease: "7.6", changes: [{ op: "deprecate", kfunc: "bpf_old", removedIn: "7.6", replacement: "bpf_new" }] }));
    expect(explainMissing("bpf_old", lab, db)).toMatchObject({ status: "removed by policy", sentences: ["bpf_old: deprecated, removed in 7.6; this kernel calls itself 7.6", "use bpf_new"] });
  });
});

describe("prototypes", () => {
  it("of helpers come from libbpf's header", () => {
    const header = "/* doc */\nstatic void *(* const bpf_map_lookup_elem)(void *map, const void *key) = (void *) 1;\n\nstatic long (* const bpf_two)(\n\tint a,\n\t...) = (void *)2;\n";
    expect([...helperPrototypes(header)]).toEqual([[1, "void *bpf_map_lookup_elem(void *map, const void *key)"], [2, "long bpf_two(int a, ...)"]]);
  });
  it("are taken apart, function pointers included", () => {
    expect(splitSignature("int f(void *p, int (*cb)(void *, int), char name[16], ...)", "f")).toEqual({
      ret: "int", params: [{ type: "void *", name: "p" }, { type: "int (*)(void *, int)", name: "cb" }, { type: "char[16]", name: "name" }, { type: "...", name: "" }],
    });
    expect(splitSignature("void f(void)", "f")).toEqual({ ret: "void", params: [] });
  });
  it("are compared parameter by parameter", () => {
    const change = (a: string, b: string) => describeChange("f", state(a), state(b));
    expect(change("int f(u32 a)", "int f(u32 b)")).toBe("parameter a renamed b");
    expect(change("int f(u32 a, u64 b)", "void f(u64 b)")).toBe("returns void, was int; parameter a (u32) removed");
    expect(change("int f(void)", "int f(void *aux)")).toBe("parameter aux (void *) added");
    expect(change("int f(void)", "int f(void)")).toBeNull();
  });
});
