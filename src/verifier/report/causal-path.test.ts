import { describe, expect, it } from "vitest";
import { FuncState } from "../state/frame.ts";
import { markRegKnown, RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import type { Env } from "../state/env.ts";
import { type Cause, printCausalPath, wasInvalidated } from "./causal-path.ts";
import type { Happened, HistoryEvent } from "./history.ts";

const frame = new FuncState(0, 0, 0);
frame.identity = {};
const number = (n: bigint): RegState => {
  const r = new RegState();
  r.type = T.SCALAR_VALUE;
  markRegKnown(r, n);
  return r;
};
const reg = (at: number) => ({ frame: frame.identity, kind: "reg", at }) as const;
const slot = (at: number) => ({ frame: frame.identity, kind: "slot", at }) as const;
/** An environment whose path went through these events; instruction i is a load, but where it adds. */
function envWith(events: readonly Happened[], adds: readonly number[] = []): Env {
  let history: HistoryEvent | null = null;
  events.forEach((what, insn) => (history = { insn, what, prev: history, count: insn + 1 }));
  const insns = events.map((_, i) => ({ code: adds.includes(i) ? 0x07 : 0x79, dst: 1, src: 10, off: -8, imm: 0 }));
  return { history, insns, curState: { cur: frame }, f: {} } as unknown as Env;
}
const path = (env: Env, cause: Cause): string[] => printCausalPath(env, cause, (insn, label, text) => `${insn} ${label}: ${text}\n`).split("\n").filter((l) => l !== "");
const branch = { kind: "branch", taken: true } as const;
const write = (at: number, old: bigint, now: bigint): Happened => ({ kind: "mod", target: reg(at), origin: null, old: number(old), now: number(now), reason: "write" });

describe("causal path", () => {
  it("follows a value through the stack to where it was made, and shows the branches since", () => {
    const env = envWith([
      branch,
      write(6, 0n, 7n),
      { kind: "mod", target: slot(0), origin: reg(6), old: null, now: number(7n), reason: "spill" },
      write(6, 7n, 8n),
      branch,
      { kind: "mod", target: reg(1), origin: slot(0), old: null, now: number(7n), reason: "write" },
    ]);
    expect(path(env, { of: "reg", regno: 1 })).toEqual([
      "Causal path:",
      "1 update: R6 changed from integer scalar value 0 to integer scalar value 7",
      "2 spilled: stack slot fp-8 changed from uninitialized value to integer scalar value 7",
      "4 branch: took the true branch of this conditional, goto followed",
      "5 update: R1 changed from uninitialized value to integer scalar value 7",
    ]);
  });
  it("goes on behind arithmetic, which changes a value and does not replace it", () => {
    const env = envWith([write(1, 0n, 1n), write(1, 1n, 2n)], [1]);
    expect(path(env, { of: "reg", regno: 1 })).toHaveLength(3);
    expect(path(envWith([write(1, 0n, 1n), write(1, 1n, 2n)]), { of: "reg", regno: 1 })).toHaveLength(2);
  });
  it("shows one reference, one section, from where it began", () => {
    const enter = (depth: number): Happened => ({ kind: "section", section: "rcu", enter: true, depth });
    const events: Happened[] = [{ kind: "acquire", id: 1 }, branch, { kind: "acquire", id: 2 }, enter(1), enter(2)];
    expect(path(envWith(events), { of: "ref", id: 2 })).toEqual(["Causal path:", "2 acquired: owned resource (id=2)"]);
    expect(path(envWith(events), { of: "section", section: "rcu", depth: 2 })).toEqual(["Causal path:", "3 context: entered RCU read lock region; depth is now 1", "4 context: entered RCU read lock region; depth is now 2"]);
  });
  it("leaves the middle of a long one out, and says when there is none", () => {
    const long = path(envWith(new Array<Happened>(100).fill(branch)), { of: "reg", regno: 1 });
    expect(long).toHaveLength(66);
    expect(long[33]).toBe("  36 intermediate causal-history events omitted");
    expect(path(envWith([]), { of: "reg", regno: 1 })).toEqual(["Causal path:", "  no retained diagnostic events on this path"]);
  });
  it("knows a register that was lost from one that never had a value", () => {
    const lost: Happened = { kind: "mod", target: reg(1), origin: null, old: number(1n), now: null, reason: "caller_saved" };
    expect(wasInvalidated(envWith([lost]), 1)).toBe(true);
    expect(wasInvalidated(envWith([lost, write(1, 0n, 1n)]), 1)).toBe(false);
    expect(wasInvalidated(envWith([lost]), 2)).toBe(false);
  });
});
