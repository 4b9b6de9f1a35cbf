/** `check --difference`: what makes two kernels answer differently to a program. */
import { answerText, causeText, ruleText, stepText } from "../session/kernel-pair.ts";
import type { KernelPair } from "../session/kernel-pair.ts";
import type { ProgramDifference } from "../workers/kernel-api.ts";
import { paint } from "./output.ts";
import type { Output } from "./output.ts";

/** The answer of the engine with the two kernels it is about; `from` is the older one. */
export interface RowDifference { pair: KernelPair; found: ProgramDifference }

/** For people: the cause, then each step at which the answer changes on the way from the older kernel to the newer. */
export function printDifference({ pair, found }: RowDifference, out: Output): void {
  out.line(`    ${paint(out, "bold", `${pair.from} and ${pair.to}`)}: ${causeText(found, pair)}`);
  out.line(paint(out, "grey", `      ${pair.from}: ${answerText(found.from)}; ${pair.to}: ${answerText(found.to)}`));
  for (const step of found.steps) {
    const rules = step.rules.length === 0 ? "helpers, kfuncs, types and contexts of the newer kernel" : step.rules.length > 4 ? `one or more of ${step.rules.length} rules` : step.rules.map((r) => `${ruleText(r, pair)} [${r.name}]`).join("; ");
    out.line(`      ${stepText(step)}: ${rules}`);
  }
  for (const call of found.calls) out.line(`      ${call.name}: ${call.from === call.to ? "" : `${call.from} → ${call.to}`}${call.detail ? `${call.from === call.to ? "" : ", "}${call.detail}` : ""}`);
}

/** As `--json` has it, on the newer kernel's row. */
export function differenceJson({ pair, found }: RowDifference): object {
  return {
    other: pair.from, cause: causeText(found, pair), complete: found.complete,
    steps: found.steps.map((s) => ({ effect: stepText(s), rules: s.rules.map(({ name, what, change, release }) => ({ name, what, change, ...(release === null ? {} : { release }) })) })),
    calls: found.calls,
  };
}
