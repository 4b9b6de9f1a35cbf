import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../../src/base/result.ts";
import { compileSource } from "../../src/cli/compile-source.ts";
import { Engine } from "../../src/cli/engine.ts";
import { bindProgram } from "../../src/loader/bind.ts";
import { openObject } from "../../src/loader/open.ts";
import type { Explanation, StateView } from "../../src/verifier/types.ts";
import { verify } from "../../src/verifier/verify.ts";

/** Programs compiled by clang, and what has to be said about each refusal. */
const SOURCE = new URL("../programs/refused/refused.c", import.meta.url);
const text = readFileSync(SOURCE, "utf8");

interface Expected {
  unprivileged?: boolean;
  family: string;
  check: string;
  /** text of the C line and the part of it */
  line: string;
  expression: string | undefined;
  reason: RegExp;
  fixes: readonly RegExp[];
  operands?: readonly (readonly [name: string, means: string, origin: string | undefined])[];
  /** the branches, oldest first: meaning and whether it held */
  branches?: readonly (readonly [meaning: string, holds: boolean])[];
  related?: RegExp;
}

const TABLE: Readonly<Record<string, Expected>> = {
  no_bounds_check: {
    family: "bounds", check: "check_mem_region_access", line: "return eth->h_proto == bpf_htons(0x0800) ? XDP_PASS : XDP_DROP;", expression: "eth->h_proto",
    reason: /needs 14 bytes of the packet, counted from ctx->data.*no comparison with data_end/, fixes: [/Compare ctx->data \+ 14 with data_end/],
    operands: [["R1", "ctx->data", "R1 = ctx->data"]], branches: [],
  },
  short_bounds_check: {
    family: "bounds", check: "check_mem_region_access", line: "return ip->ttl == 1 ? XDP_DROP : XDP_PASS;", expression: "ip->ttl",
    reason: /needs 23 bytes.*prove 14 bytes/, fixes: [/ctx->data \+ 23/, /covers 14 of the 23/], branches: [["ctx->data + 14 > ctx->data_end", false]],
  },
  stale_pointer: {
    family: "not-a-pointer", check: "check_mem_access", line: "return data[0];", expression: "data[0]",
    reason: /was a pointer, but bpf_skb_pull_data\(\) at line \d+ may have moved the packet/, fixes: [/Read data and data_end from the context again after bpf_skb_pull_data\(\)/], branches: [["skb->data + 1 > skb->data_end", false]],
  },
  no_null_check: {
    family: "null-check", check: "check_mem_access", line: "*value += 1;", expression: "*value += 1",
    reason: /bpf_map_lookup_elem\(\) at line \d+ may give NULL/, fixes: [/Check the return value of bpf_map_lookup_elem\(\) at line \d+ for NULL/], operands: [["R0", "bpf_map_lookup_elem(&counts, …)", "R0 = bpf_map_lookup_elem(&counts, …)"]], related: /the pointer comes from here/,
  },
  unbounded_index: {
    family: "bounds", check: "check_mem_region_access", line: "return table->cells[index] ? XDP_DROP : XDP_PASS;", expression: "table->cells[index]",
    reason: /the value of map tables has 68 bytes: an access of 4 bytes must begin at offset 0 to 64/, fixes: [/Bound index: it must be 15 at most, now it is 0 … 4294967295/, /index &= 15/],
  },
  index_one_too_far: {
    family: "bounds", check: "check_mem_region_access", line: "return table->cells[index] ? XDP_DROP : XDP_PASS;", expression: "table->cells[index]",
    reason: /any offset up to 68/, fixes: [/it must be 15 at most, now it is 0 … 16/], branches: [["bpf_map_lookup_elem(&tables, …) == NULL", false], ["ctx->rx_queue_index > 16", false]],
  },
  padding_in_key: {
    unprivileged: true, family: "stack-uninitialised", check: "check_stack_range_initialized", line: "value = bpf_map_lookup_elem(&pairs, &key);", expression: "bpf_map_lookup_elem(&pairs, &key)",
    reason: /bpf_map_lookup_elem\(\) reads 16 bytes from fp-16 on.*fp-12 \(byte 4 of them\) was not written/, fixes: [/Initialise all 16 bytes at fp-16/, /[Pp]adding/],
  },
  socket_leak: {
    family: "reference-leak", check: "check_resource_leak", line: "}", expression: undefined,
    reason: /bpf_sk_lookup_tcp\(\) at line \d+ took a reference/, fixes: [/taken at line \d+ on every path before the end of the program: call bpf_sk_release\(\)/], related: /takes the reference/, branches: [["bpf_sk_lookup_tcp(…) == NULL", false], ["*(u32 *)(bpf_sk_lookup_tcp(…) + 4) == 2", true]],
  },
  record_leak: {
    family: "reference-leak", check: "check_resource_leak", line: "return 0;", expression: "0", reason: /bpf_ringbuf_reserve\(\)/, fixes: [/bpf_ringbuf_submit\(\) or bpf_ringbuf_discard\(\)/],
  },
  bad_return: { family: "return-value", check: "check_return_code", line: "return skb->len;", expression: "skb->len", reason: /0 … 4294967295.*0 to 3/, fixes: [/Return a value from 0 to 3/] },
  never_ends: { family: "endless-loop", check: "bpf_is_state_visited", line: "while (!stop)", expression: "!stop", reason: /nothing changes from round to round/, fixes: [/count the rounds and leave at a limit/], related: /comes back here/ },
  wrong_helper: { family: "call-not-allowed", check: "check_helper_call", line: "return bpf_get_current_pid_tgid() == bpf_skb_load_bytes(ctx, 0, ctx, 4);", expression: "bpf_skb_load_bytes(ctx, 0, ctx, 4)", reason: /xdp may not call|xdp \(xdp\) may not call/, fixes: [/from a program in .*SEC\("socket"\)/] },
  write_constant: { family: "map-value-access", check: "check_map_access_type", line: "*(volatile __u32 *)&limit = 6;", expression: "*(volatile __u32 *)&limit = 6", reason: /declared const.*programs may only read/, fixes: [/Declare limit without const/], operands: [["R1", "&limit", "R1 = &limit"]] },
  plain_dereference: { family: "not-a-pointer", check: "check_mem_access", line: "return task->pid;", expression: "task->pid", reason: /ctx->di\) is a number/, fixes: [/`BPF_CORE_READ\(task, pid\)`/] },
  unbounded_size: { family: "size-argument", check: "check_mem_size_reg", line: "bpf_skb_load_bytes(skb, 0, buffer, length);", expression: "bpf_skb_load_bytes(skb, 0, buffer, length)", reason: /R4 \(skb->len\)/, fixes: [/len == 0 \|\| len > sizeof\(buf\)/] },
  lock_kept: { family: "section-open", check: "check_resource_leak", line: "}", expression: undefined, reason: /spin lock/, fixes: [/bpf_spin_unlock\(\) on every path before the end of the program/], related: /the lock is taken here/ },
  number_as_map_value: { family: "argument-type", check: "check_reg_type", line: "return bpf_map_update_elem(&counts, &key, (void *)5, BPF_ANY);", expression: "bpf_map_update_elem(&counts, &key, (void *)5, BPF_ANY)", reason: /argument 3.*R3 \(5\) is a plain number/, fixes: [/Pass the address of a local variable/] },
  in_a_function: {
    family: "bounds", check: "check_mem_region_access", line: "return p[1];", expression: "p[1]", reason: /needs 2 bytes.*prove 1 byte/, fixes: [/ctx->data \+ 2/], branches: [["ctx->data + 1 > ctx->data_end", false]],
  },
  pointer_sum: { family: "pointer-arithmetic", check: "adjust_ptr_min_max_vals", line: "__asm__ volatile(\"%[a] *= 2\" : [a] \"+r\"(a));", expression: "__asm__", reason: /only addition and subtraction/, fixes: [/Compute the offset first/] },
  too_many_rounds: { family: "too-large", check: "do_check", line: "for (__u32 i = 0; i < 400000; i++) {", expression: undefined, reason: /1,000,000 instructions over one path.*The jump back/, fixes: [/bpf_loop\(\)/], related: /the loop begins here/ },
  large_frame: { family: "stack-bounds", check: "check_stack_access_within_bounds", line: "__asm__ volatile(\"%0 = *(u64 *)(r10 - 520)\" : \"=r\"(far));", expression: "__asm__", reason: /fp-520/, fixes: [/8 bytes higher than now/] },
};

describe("refusals of compiled programs are explained", () => {
  const engine = new Engine();
  const explained = new Map<string, Explanation | undefined>();
  beforeAll(async () => {
    const made = unwrap(await compileSource(engine, { files: { "refused.c": text }, main: "refused.c" }, "7.2", null, { opt: "-O2", debug: true }));
    if (!made.object) throw new Error(made.stderr);
    unwrap(await engine.core.open("refused", made.object));
    const spec = unwrap(openObject(made.object));
    const kernel = unwrap(await engine.core.store.kernel("7.2", null));
    for (const [name, { unprivileged }] of Object.entries(TABLE)) {
      const result = verify(unwrap(bindProgram(spec, name, kernel)), kernel, { unprivileged });
      expect([name, result.verdict]).toEqual([name, "rejected"]);
      explained.set(name, result.explanation);
    }
  });
  it("the table has every program", () => {
    expect(Object.keys(TABLE).sort()).toEqual([...text.matchAll(/^int (\w+)\(/gm)].map((m) => m[1]!).sort());
  });
  it.each(Object.entries(TABLE))("%s", (name, want) => {
    const e = explained.get(name)!;
    expect({ family: e.family, check: e.check, line: e.source?.text.trim(), expression: e.expression?.text }).toEqual({ family: want.family, check: want.check, line: want.line, expression: want.expression });
    expect(e.source!.text.slice((e.expression?.col ?? 1) - 1, (e.expression?.endCol ?? 1) - 1)).toBe(e.expression?.text ?? "");
    expect(text.split("\n")[e.source!.line - 1]!.trim()).toBe(want.line);
    expect(e.reason).toMatch(want.reason);
    for (const fix of want.fixes) expect(e.fixes.some((f) => fix.test(f)), `${fix} in ${e.fixes.join(" | ")}`).toBe(true);
    if (want.operands) expect(e.operands.map((o) => [o.name, o.means, o.origin?.text])).toEqual(want.operands);
    if (want.branches) expect(e.path.flatMap((s) => (s.condition ? [[s.condition.meaning, s.condition.holds]] : []))).toEqual(want.branches);
    if (want.related) expect(e.related.map((r) => r.text).join()).toMatch(want.related);
  });
  it("a step says what was known and what the branch taught", () => {
    const [step] = explained.get("short_bounds_check")!.path;
    expect(step).toMatchObject({ kind: "branch", condition: { registers: "r2 > r1", holds: false, decided: false } });
    expect(step!.values[0]).toEqual({ name: "R2", means: "ctx->data + 14", before: "pkt(r=0,imm=14)", after: "pkt(r=14,imm=14)" });
  });
  it("a call on the way is a step", () => {
    expect(explained.get("in_a_function")!.path.map((s) => s.kind)).toEqual(["call", "branch"]);
  });
  it("a long way is shortened and says so", () => {
    const { path, branches } = explained.get("too_many_rounds")!;
    expect(path.length).toBeLessThan(40);
    expect(branches).toBeGreaterThan(100_000);
    expect(path.some((s) => s.kind === "left out")).toBe(true);
  });
});

describe("states before and after an instruction", () => {
  const engine = new Engine();
  beforeAll(async () => {
    const made = unwrap(await compileSource(engine, { files: { "refused.c": text }, main: "refused.c" }, "7.2", null, { opt: "-O2", debug: true }));
    unwrap(await engine.core.open("refused", made.object!));
  });
  it("a comparison: what each side learns", async () => {
    const verdict = await engine.core.check("refused", "index_one_too_far", "7.2", null, { logLevel: 0 });
    const branch = verdict.verify!.explanation!.path.at(-1)!;
    const states = unwrap(await engine.core.states("refused", "index_one_too_far", "7.2", null, { insn: branch.insn, from: 1, max: 5 }));
    expect(states.total).toBe(1);
    const [visit] = states.visits;
    const reg = branch.values[0]!.name.toLowerCase();
    const max = (view: StateView | undefined): string | undefined => view?.regs.find((r) => r.name === reg)?.bounds?.umax;
    const min = (view: StateView | undefined): string | undefined => view?.regs.find((r) => r.name === reg)?.bounds?.umin;
    expect([visit!.outcome, max(visit!.before), max(visit!.after), min(visit!.other?.state)]).toEqual(["next", "4294967295", "16", "17"]);
  });
  it("the refused visit has no state after it", async () => {
    const verdict = await engine.core.check("refused", "no_null_check", "7.2", null, { logLevel: 0 });
    const states = unwrap(await engine.core.states("refused", "no_null_check", "7.2", null, { insn: verdict.insn!, from: 1, max: 5 }));
    expect(states.visits.at(-1)).toMatchObject({ outcome: "refused", before: { calls: ["no_null_check"] } });
    expect(states.visits.at(-1)!.after).toBeUndefined();
  });
  it("visits of a loop are counted, a window of them is kept, and one that is covered by an earlier names it", async () => {
    const verdict = await engine.core.check("refused", "too_many_rounds", "7.2", null, { logLevel: 0 });
    const head = verdict.verify!.explanation!.related[0]!.insn;
    const total = verdict.verify!.visits[head]!;
    const states = unwrap(await engine.core.states("refused", "too_many_rounds", "7.2", null, { insn: head, from: total - 3, max: 2 }));
    expect(states.total).toBe(total);
    expect(states.visits.map((v) => v.visit)).toEqual([total - 3, total - 2]);
  });
});
