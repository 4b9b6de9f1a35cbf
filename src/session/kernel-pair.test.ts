import { describe, expect, it } from "vitest";
import type { Answer, ProgramDifference, RuleChange } from "../workers/kernel-api.ts";
import { answerText, causeText, pairOf, pairToCompare, stepText } from "./kernel-pair.ts";
import type { Cell } from "./matrix.ts";

const kernels = ["5.10", "6.1", "7.2", "7.3"];
const row = (text: string): Cell[] => [...text].map((c, i) => ({ kind: "done", verdict: { program: "p", kernel: kernels[i]!, verdict: c === "+" ? "accepted" : "rejected", stage: "verify", message: c === "+" ? "" : c, ms: 1 } }));
const pair = { from: "6.1", to: "7.2" };
const yes = (processed: number): Answer => ({ verdict: "accepted", stage: "verify", message: "", processed });
const no = (message: string): Answer => ({ verdict: "rejected", stage: "verify", message, processed: 7 });
const rule = (name: string, release: string | null = "6.19"): RuleChange => ({ name, what: `what ${name} is`, change: "on", release });
const difference = (change: Partial<ProgramDifference>): ProgramDifference => ({ from: yes(1), to: yes(1), steps: [], rules: 9, judged: 4, complete: true, api: null, calls: [], ...change });

describe("the pair that is compared first", () => {
  it.each([["--++", "6.1", "7.2"], ["++-+", "7.2", "7.3"], ["-+--", "6.1", "7.2"], ["++++", "5.10", "7.3"], ["--xx", "6.1", "7.2"]])("of %s", (text, from, to) => {
    expect(pairToCompare(row(text), kernels)).toEqual({ from, to });
  });
  it("is none for one kernel, and waits for no cell", () => {
    expect(pairToCompare(row("+"), ["7.2"])).toBeNull();
    expect(pairToCompare([undefined, { kind: "waiting" }], ["7.2", "7.3"])).toEqual({ from: "7.2", to: "7.3" });
  });
  it("has the older one first", () => expect(pairOf("7.2", "6.1", kernels)).toEqual(pair));
});

describe("the cause, in a sentence", () => {
  it("is the rule with which the verdict changes, not one that changes the count before", () => {
    const d = difference({ from: no("x"), to: yes(3), steps: [{ rules: [rule("a")], before: no("x"), after: no("y") }, { rules: [rule("b")], before: no("y"), after: yes(3) }] });
    expect(causeText(d, pair)).toBe("The verdict changes with one rule of the verifier: what b is (came with 6.19).");
  });
  it("is the life of a function where the kernel's tables are it", () => {
    const api = { name: "bpf_new", kind: "kfunc", status: "later", sentences: ["bpf_new: from 6.18 on"], fixes: [] } as unknown as NonNullable<ProgramDifference["api"]>;
    const d = difference({ from: { verdict: "rejected", stage: "resolve", message: "m", processed: null }, to: yes(3), steps: [{ rules: [], before: no("m"), after: yes(3) }], api });
    expect(causeText(d, pair)).toBe("The verdict changes with a function that only one of them offers. bpf_new: from 6.18 on.");
    expect(causeText({ ...d, api: null }, pair)).toContain("not with a rule of its verifier");
  });
  it("says when nothing differs, and when there was no time", () => {
    expect(causeText(difference({}), pair)).toContain("say the same");
    const many = Array.from({ length: 30 }, (_, i) => rule(`r${i}`));
    expect(causeText(difference({ to: yes(2), steps: [{ rules: many, before: yes(1), after: yes(2) }], complete: false }), pair)).toBe("Both say the same; only the count of processed instructions changes with one or more of 30 rules of the verifier; there was no time to tell them apart.");
  });
  it("says answers and steps briefly", () => {
    expect([answerText(yes(1)), answerText(no("x")), answerText({ ...no("x"), stage: "resolve" })]).toEqual(["accepted, 1 instruction processed", "rejected by the verifier after 7 instructions", "rejected before the verifier"]);
    expect([stepText({ before: yes(1000), after: yes(9) }), stepText({ before: no("a"), after: no("b") }), stepText({ before: no("a"), after: yes(1) })]).toEqual(["1,000 → 9 instructions", "another message", "rejected → accepted"]);
  });
});
