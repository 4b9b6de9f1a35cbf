import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../../src/base/result.ts";
import { compileSource } from "../../src/cli/compile-source.ts";
import { Engine } from "../../src/cli/engine.ts";
import type { ProgramVerdict } from "../../src/workers/kernel-api.ts";

/** Refused by libbpf before the verifier: what is said, and the same program with the proposal applied. */
const HEAD = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
`;
interface Expected { wrong: string; mended: string; reason: RegExp; fix: RegExp }
const TABLE: Readonly<Record<string, Expected>> = {
  "a section nobody knows": {
    wrong: "SEC(\"xpd\") int f(struct xdp_md *ctx) { return 2; }", mended: "SEC(\"xdp\") int f(struct xdp_md *ctx) { return 2; }",
    reason: /knows no section "xpd"/, fix: /^Write SEC\("xdp"\)/,
  },
  "a tracepoint with a slip": {
    wrong: "SEC(\"tp_btf/sched_swich\") int f(void *ctx) { return 0; }", mended: "SEC(\"tp_btf/sched_switch\") int f(void *ctx) { return 0; }",
    reason: /Linux 7\.2 has no tracepoint named sched_swich/, fix: /SEC\("tp_btf\/sched_switch"\)/,
  },
  "a tracepoint as a function": {
    wrong: "SEC(\"fentry/sched_wakeup_new\") int f(void *ctx) { return 0; }", mended: "SEC(\"tp_btf/sched_wakeup_new\") int f(void *ctx) { return 0; }",
    reason: /no function that can be traced named sched_wakeup_new/, fix: /a tracepoint of that name: SEC\("tp_btf\/sched_wakeup_new"\)/,
  },
  "an LSM hook with a slip": {
    wrong: "SEC(\"lsm/file_opne\") int f(void *ctx) { return 0; }", mended: "SEC(\"lsm/file_open\") int f(void *ctx) { return 0; }",
    reason: /no LSM hook named file_opne/, fix: /SEC\("lsm\/file_open"\)/,
  },
  "no target": {
    wrong: "SEC(\"fentry\") int f(void *ctx) { return 0; }", mended: "SEC(\"fentry/do_nanosleep\") int f(void *ctx) { return 0; }",
    reason: /does not say what the program attaches to/, fix: /SEC\("fentry\/NAME"\)/,
  },
  "an option that is not set": {
    wrong: "extern int CONFIG_NOT_THERE __kconfig;\nSEC(\"tc\") int f(struct __sk_buff *skb) { return CONFIG_NOT_THERE; }", mended: "extern int CONFIG_NOT_THERE __kconfig __weak;\nSEC(\"tc\") int f(struct __sk_buff *skb) { return CONFIG_NOT_THERE; }",
    reason: /does not set CONFIG_NOT_THERE/, fix: /`extern … CONFIG_NOT_THERE __kconfig __weak;`/,
  },
  "a kfunc that is not there": {
    wrong: "extern void bpf_no_such_thing(void) __ksym;\nSEC(\"tc\") int f(struct __sk_buff *skb) { bpf_no_such_thing(); return 0; }",
    mended: "extern void bpf_no_such_thing(void) __ksym __weak;\nSEC(\"tc\") int f(struct __sk_buff *skb) { if (bpf_ksym_exists(bpf_no_such_thing)) bpf_no_such_thing(); return 0; }",
    reason: /every extern that the object declares.*no bpf_no_such_thing/, fix: /`if \(bpf_ksym_exists\(bpf_no_such_thing\)\)`/,
  },
  "an extern of a neighbour": {
    wrong: "extern void bpf_no_such_thing(void) __ksym;\nSEC(\"tc\") int g(struct __sk_buff *skb) { bpf_no_such_thing(); return 0; }\nSEC(\"tc\") int f(struct __sk_buff *skb) { return 0; }", mended: "SEC(\"tc\") int f(struct __sk_buff *skb) { return 0; }",
    reason: /also those that this program does not use/, fix: /remove the declaration/,
  },
  "a variable that is not there": {
    wrong: "extern const int no_such_variable __ksym;\nSEC(\"tc\") int f(struct __sk_buff *skb) { return (long)&no_such_variable == bpf_get_prandom_u32(); }", mended: "extern const int no_such_variable __ksym __weak;\nSEC(\"tc\") int f(struct __sk_buff *skb) { return (long)&no_such_variable == bpf_get_prandom_u32(); }",
    reason: /no no_such_variable/, fix: /`extern … no_such_variable __ksym __weak;`/,
  },
  "a map with an odd size": {
    wrong: "struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 8); __uint(value_size, 4); } m SEC(\".maps\");\nSEC(\"xdp\") int f(struct xdp_md *ctx) { int v = 0; return bpf_perf_event_output(ctx, &m, 0, &v, 4) ? 1 : 2; }",
    mended: "struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } m SEC(\".maps\");\nSEC(\"xdp\") int f(struct xdp_md *ctx) { int v = 0; return bpf_perf_event_output(ctx, &m, 0, &v, 4) ? 1 : 2; }",
    reason: /does not create map m \(BPF_MAP_TYPE_PERF_EVENT_ARRAY; key_size 8/, fix: /Check the sizes/,
  },
};

describe("refusals before the verifier are explained", () => {
  const engine = new Engine();
  const judge = async (source: string): Promise<ProgramVerdict> => {
    const made = unwrap(await compileSource(engine, { files: { "f.c": HEAD + source }, main: "f.c" }, "7.2", null, { opt: "-O2", debug: true }));
    if (!made.object) throw new Error(made.stderr);
    unwrap(await engine.core.open(source, made.object));
    return engine.core.check(source, "f", "7.2", null, { logLevel: 0 });
  };
  beforeAll(async () => { await judge("SEC(\"xdp\") int f(struct xdp_md *ctx) { return 2; }"); });
  it.each(Object.entries(TABLE))("%s", async (_name, want) => {
    const refused = await judge(want.wrong);
    expect([refused.verdict, refused.stage]).toEqual(["rejected", "resolve"]);
    expect(refused.help?.reason).toMatch(want.reason);
    expect(refused.help!.fixes.some((fix) => want.fix.test(fix)), refused.help!.fixes.join(" | ")).toBe(true);
    const mended = await judge(want.mended);
    expect([mended.verdict, mended.message]).toEqual(["accepted", ""]);
  });
  it("a type that the kernel lacks: which kernels have it", async () => {
    const source = "struct item { struct bpf_list_node node; };\nstruct item i;\nSEC(\"tc\") int f(struct __sk_buff *skb) { return 0; }";
    const made = unwrap(await compileSource(engine, { files: { "f.c": HEAD + source }, main: "f.c" }, "6.1", null, { opt: "-O2", debug: true }));
    expect(made.object).toBeNull();
    expect(made.diagnostics.map((d) => d.hint)).toContain("The types of Linux 6.1 (vmlinux.h) have no struct bpf_list_node; of the kernels here 6.12 and later have it.");
  });
});
