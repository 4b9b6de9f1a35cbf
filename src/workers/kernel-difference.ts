/** Why two kernels answer differently to one program: their verifiers' rules changed from the one's to the other's, step by step. */
import { FEATURES } from "../kernel/features.ts";
import type { FeatureName, FeatureRange } from "../kernel/features.ts";
import { compareSeries } from "../kernel/releases.ts";
import type { Kernel } from "../kernel/types.ts";
import type { ApiDifference } from "../kernel/api-types.ts";
import type { Answer, CallStatus, DifferenceStep, KernelDifference, ProgramDifference, RuleChange } from "./kernel-api.ts";

export interface DifferenceOptions {
  /** milliseconds after which no further answer is asked for; what is not told apart by then stays together */
  budgetMs: number;
  now: () => number;
}

/** Rules that one kernel has and the other has not, as `from` would get them on the way to `to`: by the release that brought the change. */
export function ruleChanges(from: Kernel, to: Kernel): RuleChange[] {
  const older = compareSeries(from.manifest.kernel, to.manifest.kernel) <= 0;
  const changes = (Object.keys(FEATURES) as FeatureName[]).filter((name) => from.has(name) !== to.has(name)).map((name) => {
    const { what, since, until }: FeatureRange = FEATURES[name];
    const on = to.has(name);
    // Going back in time, a rule is lost with the release that brought it.
    const release = (on === older ? since : until) ?? null;
    return { name, what, change: on ? "on" as const : "off" as const, release };
  });
  const order = (a: RuleChange, b: RuleChange): number => compareSeries(a.release ?? "0.0", b.release ?? "0.0");
  return changes.sort((a, b) => (older ? order(a, b) : order(b, a)));
}

/** `from` with its own tables, types and functions, and with some rules of its verifier changed. */
function withRules(from: Kernel, changes: readonly RuleChange[]): Kernel {
  const changed = new Map(changes.map((c) => [c.name, c.change === "on"]));
  return Object.create(from, { has: { value: (name: FeatureName) => changed.get(name) ?? from.has(name) } }) as Kernel;
}

const same = (a: Answer, b: Answer): boolean => a.verdict === b.verdict && a.message === b.message && a.processed === b.processed;

/**
 * Turns `from` into `to`, one rule of the verifier after the other in the order of the releases, and last its tables (helpers,
 * kfuncs, types, contexts), and tells at which steps the answer changes. Intervals with the same answer at both ends are not
 * looked into. A state between the two that no kernel ever was may meet a defect; its steps are then told as one.
 */
export function kernelDifference(from: Kernel, to: Kernel, judge: (kernel: Kernel) => Answer, options: DifferenceOptions): KernelDifference {
  const changes = ruleChanges(from, to);
  const start = options.now();
  const first = judge(from);
  const last = judge(to);
  const answers = new Map<number, Answer>([[0, first]]);
  const at = (i: number): Answer => {
    let answer = answers.get(i);
    if (!answer) {
      answer = judge(withRules(from, changes.slice(0, i)));
      answers.set(i, answer);
    }
    return answer;
  };
  const steps: DifferenceStep[] = [];
  let complete = true;
  const find = (low: number, high: number): void => {
    if (same(at(low), at(high))) return;
    const late = options.now() - start > options.budgetMs;
    if (high - low === 1 || late) {
      complete &&= high - low === 1;
      steps.push({ rules: changes.slice(low, high), before: at(low), after: at(high) });
      return;
    }
    const middle = (low + high) >> 1;
    find(low, middle);
    find(middle, high);
  };
  if (!same(first, last)) {
    find(0, changes.length);
    const ruled = at(changes.length);
    if (!same(ruled, last)) steps.push({ rules: [], before: ruled, after: last });
  }
  return { from: first, to: last, steps: withoutDefects(steps), rules: changes.length, judged: answers.size + 1, complete };
}

/** Joins the steps into and out of an answer that only a mixture of two kernels gives. */
function withoutDefects(steps: readonly DifferenceStep[]): DifferenceStep[] {
  const out: DifferenceStep[] = [];
  for (const step of steps) {
    const open = out.at(-1);
    if (open && open.after.verdict === "unsupported") out[out.length - 1] = { rules: [...open.rules, ...step.rules], before: open.before, after: step.after };
    else out.push(step);
  }
  return out.filter((s) => !same(s.before, s.after));
}

/** More program types that may call it are nothing to one that could before. */
function callsDiffer({ before, after }: ApiDifference): boolean {
  const seen = (state: ApiDifference["before"]): string => JSON.stringify([state?.signature, state?.flags, state?.module, state?.protos]);
  return seen(before) !== seen(after);
}

/** Calls of a program that two kernels answer differently, or whose prototype changed between them. A program that does not bind is asked about everything it may call. */
export function callDifferences(program: string, before: readonly CallStatus[], after: readonly CallStatus[], changes: readonly ApiDifference[]): ProgramDifference["calls"] {
  return before.flatMap((from) => {
    const to = after.find((c) => c.kind === from.kind && c.name === from.name);
    if (!to || !(from.programs.includes(program) || to.programs.includes(program))) return [];
    const changed = changes.find((c) => c.name === from.name && c.what === "changed" && callsDiffer(c));
    return from.status === to.status && !changed ? [] : [{ name: from.name, kind: from.kind, from: from.status, to: to.status, detail: changed?.detail ?? (to.status === "available" ? from.detail : to.detail) }];
  });
}
