/** vmlinux.h of a custom kernel compiles whatever was changed, and says what the kernel says. */
import { describe, expect, it } from "vitest";
import { unwrap } from "../../src/base/result.ts";
import { compileSource } from "../../src/cli/compile-source.ts";
import { engine, judgeOn, runOn } from "./harness.ts";

const EVERYTHING = JSON.stringify({
  schema: 1, name: "all", api: { version: 2, supportWindow: 5 },
  changes: [
    { op: "program type", name: "hook", section: "hook", struct: "hook_ctx", fields: [{ name: "a", type: "__u64", access: "read" }, { name: "b", type: "__u8", count: 4, offset: 24, access: "read" }], helpers: [] },
    { op: "add type", struct: "lab_opts", fields: [{ name: "flags", type: "__u64" }, { name: "pad", type: "__u16", count: 3 }] },
    { op: "remove type", struct: "cgroup" },
    { op: "remove field", struct: "task_struct", field: "prio" },
    { op: "remove field", struct: "sk_buff", field: "len" },
    { op: "remove", kfunc: "bpf_cpumask_and" },
    { op: "rename", kfunc: "bpf_cpumask_or", to: "lab_cpumask_or", alias: true },
    { op: "rename", kfunc: "bpf_cpumask_xor", to: "lab_cpumask_xor" },
    { op: "change", prototype: "struct task_struct *bpf_task_from_pid(s32 pid, struct lab_opts *opts, u32 opts__sz)" },
    { op: "deprecate", kfunc: "bpf_task_from_vpid", removedIn: "7.9" },
    { op: "versions", kfunc: "bpf_lab_versioned", signatures: [{ from: 1, prototype: "int bpf_lab_versioned(int a)", programTypes: ["xdp"] }, { from: 2, prototype: "int bpf_lab_versioned(int a, int b)" }] },
    { op: "symbol version", version: "V_1", symbols: [{ name: "bpf_rcu_read_lock", prototype: "void bpf_rcu_read_lock(void)" }] },
    { op: "symbol version", version: "V_2", symbols: [{ name: "bpf_rcu_read_lock" }] },
  ],
});
const compile = async (text: string): Promise<string> => {
  const compiled = unwrap(await compileSource(engine, { files: { "main.bpf.c": `#include "vmlinux.h"\n${text}\n` }, main: "main.bpf.c" }, "7.3", EVERYTHING, {}));
  return compiled.object ? compiled.stderr : (compiled.diagnostics[0]?.message ?? "nothing was said");
};

describe("vmlinux.h with everything changed", () => {
  it.each([
    ["", ""],
    ["_Static_assert(sizeof(struct hook_ctx) == 32 && __builtin_offsetof(struct hook_ctx, b) == 24, \"\");", ""],
    ["_Static_assert(sizeof(struct lab_opts) == 16, \"\");", ""],
    ["int f(void) { return bpf_lab_versioned(1, 2); }", ""],
    ["int f(struct task_struct *t) { return t->pid; }", ""],
    ["int f(struct task_struct *t) { return t->prio; }", "no member named 'prio' in 'struct task_struct'"],
    ["int f(struct cgroup *c) { return sizeof(*c); }", "declaration of 'struct cgroup' will not be visible outside of this function"],
    ["void f(void) { bpf_cpumask_and(0, 0, 0); }", "call to undeclared function 'bpf_cpumask_and'; ISO C99 and later do not support implicit function declarations"],
    ["void f(void) { bpf_cpumask_xor(0, 0, 0); }", "call to undeclared function 'bpf_cpumask_xor'; ISO C99 and later do not support implicit function declarations"],
    ["void f(void) { bpf_cpumask_or(0, 0, 0); lab_cpumask_or(0, 0, 0); lab_cpumask_xor(0, 0, 0); }", ""],
    ["void f(void) { bpf_rcu_read_lock(); bpf_rcu_read_lock___V_1(); bpf_rcu_read_lock___V_2(); bpf_rcu_read_unlock(); }", ""],
    ["struct task_struct *f(struct lab_opts *o) { return bpf_task_from_pid(1, o, sizeof(*o)); }", ""],
    ["struct task_struct *f(void) { return bpf_task_from_pid(1); }", "too few arguments to function call, expected 3, have 1"],
  ])("%s: %s", async (text, message) => expect(await compile(text)).toBe(message));
});

describe("a struct that is gone", () => {
  it("is not there for CO-RE", async () => {
    const overlay = JSON.stringify({ schema: 1, name: "gone", changes: [{ op: "remove type", struct: "task_struct" }] });
    const place = { file: "fields", program: "asks_type", kernel: "7.3" };
    expect(await judgeOn(place, overlay)).toMatchObject({ verdict: "accepted" });
    expect((await runOn(place, overlay)).retval).toBe(100);
  });
});
