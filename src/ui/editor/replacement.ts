import type { QuickFix } from "../../kernel/api-types.ts";
import { fixedText } from "../../session/source-edits.ts";
import { session } from "../state.ts";

/** What the engine offers to change for the refusal on show. */
export function offeredFixes(): readonly QuickFix[] {
  const check = session.check.value;
  if (check.kind !== "done" || check.stale || session.object.value?.from !== "source") return [];
  return check.verdict.api?.fixes ?? [];
}

/** Makes the change in every file of the project; how many files changed. */
export function applyFix(fix: QuickFix): number {
  let changed = 0;
  const files = Object.fromEntries(Object.entries(session.project.value.files).map(([name, text]) => {
    const next = fixedText(text, fix);
    if (next !== null) changed++;
    return [name, next ?? text];
  }));
  if (changed > 0) session.update({ files });
  return changed;
}
