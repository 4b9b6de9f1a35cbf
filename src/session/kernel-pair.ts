import type { Answer, DifferenceStep, ProgramDifference, RuleChange } from "../workers/kernel-api.ts";
import type { Cell } from "./matrix.ts";

/** `from` is the older one. */
export interface KernelPair { from: string; to: string }

/** Two kernels in the order of their age; `kernels` are all, oldest first. */
export function pairOf(a: string, b: string, kernels: readonly string[]): KernelPair {
  return kernels.indexOf(a) <= kernels.indexOf(b) ? { from: a, to: b } : { from: b, to: a };
}

/**
 * The two kernels worth comparing first, out of a program's row (oldest first): the newest neighbours with different verdicts,
 * else those with different messages, else the oldest and the newest. null for fewer than two kernels.
 */
export function pairToCompare(row: readonly (Cell | undefined)[], kernels: readonly string[]): KernelPair | null {
  if (kernels.length < 2) return null;
  for (const of of [(c: Cell | undefined) => (c?.kind === "done" ? c.verdict.verdict : null), (c: Cell | undefined) => (c?.kind === "done" ? c.verdict.message : null)]) {
    for (let i = kernels.length - 1; i > 0; i--) {
      const [before, after] = [of(row[i - 1]), of(row[i])];
      if (before !== null && after !== null && before !== after) return { from: kernels[i - 1]!, to: kernels[i]! };
    }
  }
  return { from: kernels[0]!, to: kernels.at(-1)! };
}

/** "accepted, 34 instructions processed"; "rejected by the verifier"; "rejected before the verifier" */
export function answerText(a: Answer): string {
  if (a.verdict === "unsupported") return "not simulated";
  if (a.verdict === "rejected") return a.stage === "verify" ? `rejected by the verifier after ${count(a.processed)}` : "rejected before the verifier";
  return `accepted, ${count(a.processed)} processed`;
}

/** What a step does to the answer, in a few words. */
export function stepText({ before, after }: Pick<DifferenceStep, "before" | "after">): string {
  if (before.verdict !== after.verdict) return `${before.verdict} → ${after.verdict}`;
  if (before.message !== after.message) return "another message";
  return `${(before.processed ?? 0).toLocaleString("en")} → ${(after.processed ?? 0).toLocaleString("en")} instructions`;
}

/** One sentence: what makes the difference, as far as it is known. */
export function causeText(d: ProgramDifference, pair: KernelPair): string {
  const verdicts = d.from.verdict !== d.to.verdict;
  const step = d.steps.find((s) => (verdicts ? s.before.verdict !== s.after.verdict : s.before.message !== s.after.message)) ?? d.steps[0];
  if (!step) return `${pair.from} and ${pair.to} say the same to this program, after the same number of instructions.`;
  const what = verdicts ? "The verdict changes" : d.from.message !== d.to.message ? "The message changes" : "Both say the same; only the count of processed instructions changes";
  if (step.rules.length === 1) return `${what} with one rule of the verifier: ${ruleText(step.rules[0]!, pair)}.`;
  if (step.rules.length > 1 && step.rules.length <= 4) return `${what} with ${step.rules.length} rules of the verifier together: ${step.rules.map((r) => ruleText(r, pair)).join("; ")}.`;
  if (step.rules.length > 0) return `${what} with one or more of ${step.rules.length} rules of the verifier; there was no time to tell them apart.`;
  // The first sentence begins with the name.
  if (d.api) return `${what} with a function that only one of them offers. ${d.api.sentences[0] ?? `${d.api.name}: ${d.api.status}`}.`;
  return `${what} with what the kernel offers, not with a rule of its verifier: helpers, kfuncs, types or context fields.`;
}

/** "bounds of a byte swap (came with 6.19)"; the pair's first kernel is the older one. */
export function ruleText(rule: RuleChange, pair: KernelPair): string {
  if (rule.release === null) return `${rule.what} (only ${rule.change === "on" ? pair.to : pair.from} has it)`;
  return `${rule.what} (${rule.change === "on" ? "came with" : "until"} ${rule.release})`;
}

const count = (n: number | null): string => `${(n ?? 0).toLocaleString("en")} ${n === 1 ? "instruction" : "instructions"}`;
