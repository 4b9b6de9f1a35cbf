import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadApiDb } from "./api-store.ts";
import { callsIn, includePlace, ownDeclarations, withInclude } from "./shim-source.ts";
import { declareFunction, prototypeShape, typeShape } from "./shim-types-c.ts";
import { span } from "./shim-words.ts";
import { planShim } from "./shim.ts";

const loaded = loadApiDb(readFileSync(new URL("../../public/kernels/api.json", import.meta.url), "utf8"));
if (!loaded.ok) throw new Error(loaded.error);
const db = loaded.value;
const all = db.kernels.map((k) => k.kernel);
const from = (kernel: string): string[] => all.slice(all.indexOf(kernel));
const plan = (source: string, kernels: readonly string[] = all) => planShim({ db, kernels, names: [], source });
const entry = (source: string, name: string, kernels?: readonly string[]) => plan(source, kernels).entries.find((e) => e.name === name)!;

describe("types as libbpf compares them", () => {
  it.each([["u32", "int"], ["const char *", "*int"], ["struct task_struct *", "*struct"], ["void *", "*void"], ["int (*)(void *, int *, void *)", "*func"], ["enum tcp_ca_event", "enum"], ["long long unsigned int", "int"], ["void", "void"]])("%s", (type, shape) => {
    expect(typeShape(type)).toBe(shape);
  });
  it("widths and names do not count, numbers and kinds of parameters do", () => {
    const shape = (params: string) => prototypeShape(`int f(${params})`, "f");
    expect(shape("u32 a, struct x *b")).toBe(shape("u64 other, const struct y *c"));
    expect(shape("void *a")).not.toBe(shape("struct x *a"));
    expect(shape("u32 a")).not.toBe(shape("u32 a, u32 b"));
  });
  it("writes pointers to functions and nameless parameters", () => {
    expect(declareFunction("g", { ret: "int", params: [{ type: "int (*)(void *)", name: "cb" }, { type: "u64", name: "" }] })).toBe("int g(int (*cb)(void *), u64 arg2)");
    expect(declareFunction("g", { ret: "struct x *", params: [] })).toBe("struct x *g(void)");
  });
});

describe("a source's calls", () => {
  const source = `#include "vmlinux.h"
/* bpf_a(1) */
extern int bpf_b(struct x *p,
                 int n) __ksym;
#define M bpf_c(1)
int f(void) { return bpf_b(&(struct x){ 1, 2 }, g(1, 2)) + bpf_d() + "bpf_e()"[0]; }
`;
  it("are counted with their arguments, without comments, macros' bodies and strings", () => {
    expect(callsIn(source, (n) => n.startsWith("bpf_"))).toEqual([{ name: "bpf_b", args: 2, line: 6 }, { name: "bpf_d", args: 0, line: 6 }]);
  });
  it("own declarations, and the place behind them", () => {
    expect(ownDeclarations(source).get("bpf_b")).toEqual({ signature: "int bpf_b(struct x *p, int n)", line: 4 });
    expect(includePlace(source, new Set(["bpf_b"]))).toBe(4);
    expect(includePlace(source, new Set())).toBe(1);
    expect(withInclude("a\nb", "s.h", 1)).toBe('a\n#include "s.h"\nb');
  });
  it("does not hang or throw on broken text", () => {
    for (const text of ["extern int f(", "f(((((", '"', "/*", "extern (((", "#define", "x".repeat(100_000), "(".repeat(50_000)]) expect(() => plan(text)).not.toThrow();
  });
});

describe("plans over the real kernels", () => {
  it("a successor with the same arguments", () => {
    const e = entry("void f(void) { scx_bpf_dispatch(p, 1, 2, 3); }", "scx_bpf_dispatch", from("6.16"));
    expect(e.forms.map((f) => [f.api, f.kernels[0], f.symbol])).toEqual([["scx_bpf_dsq_insert", "6.17", "scx_bpf_dsq_insert___shim2"], ["scx_bpf_dispatch", "6.16", "scx_bpf_dispatch___shim1"]]);
    expect(e.fallback!.kernels).toEqual([]);
  });
  it("backwards: the newer name falls back on the older one", () => {
    const e = entry("void f(void) { bpf_wq_set_callback(wq, cb, 0); }", "bpf_wq_set_callback", from("6.12"));
    expect(e.forms.map((f) => [f.api, f.args])).toEqual([["bpf_wq_set_callback", ["wq", "callback_fn", "flags"]], ["bpf_wq_set_callback_impl", ["wq", "callback_fn", "flags", "0"]]]);
  });
  it("widths alone need no wrapper", () => {
    expect(entry("void f(void) { bpf_dynptr_slice(p, 0, b, 8); }", "bpf_dynptr_slice", from("6.12"))).toMatchObject({ action: "none", why: expect.stringContaining("widths") });
  });
  it("a helper that came later is probed by its number's name", () => {
    const p = plan("void f(void) { bpf_loop(1, cb, c, 0); }");
    expect(p.entries[0]).toMatchObject({ name: "bpf_loop", kind: "helper", action: "wrap", fallback: { kernels: ["5.10"] } });
    // eslint-disable-next-line no-control-regex
    expect(p.header).toMatch(/^[\x00-\x7f]*$/);
    expect(p.header).toContain("bpf_core_enum_value_exists(enum bpf_func_id___shim, BPF_FUNC_loop___shim)");
  });
  it("another argument where one was reviewed", () => {
    expect(entry("void f(void) { cgroup_rstat_updated(cgrp, 1); }", "cgroup_rstat_updated").forms.map((f) => [f.api, f.args])).toEqual([["css_rstat_updated", ["&cgrp->self", "cpu"]], ["cgroup_rstat_updated", ["cgrp", "cpu"]]]);
  });
  it("what has another meaning is not put in its place", () => {
    expect(entry("void f(void) { scx_bpf_cpu_rq(0); }", "scx_bpf_cpu_rq", from("7.2")).forms.map((f) => f.api)).toEqual(["scx_bpf_cpu_rq"]);
  });
  it("nothing to do gives no header; unknown names are listed", () => {
    expect(planShim({ db, kernels: all, names: ["bpf_no_such"], source: "void f(void) { bpf_ktime_get_ns(); }" })).toMatchObject({ header: "", unknown: ["bpf_no_such"], entries: [{ action: "none" }] });
  });
});

it("kernels in words", () => {
  const k = ["6.16", "6.17", "6.18", "7.0", "7.1"];
  expect(span(["6.16", "6.17", "6.18", "7.1"], k)).toBe("6.16 … 6.18, 7.1");
  expect(span(["6.16", "6.17"], k)).toBe("6.16, 6.17");
});
