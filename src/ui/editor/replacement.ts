import type { QuickFix } from "../../kernel/api-types.ts";
import { session } from "../state.ts";

/** What the engine offers to change for the refusal on show. */
export function offeredFixes(): readonly QuickFix[] {
  const check = session.check.value;
  if (check.kind !== "done" || check.stale || session.object.value?.from !== "source") return [];
  return check.verdict.api?.fixes ?? [];
}

/** Comments, strings and words of C, so that only words that are code are touched. */
const TOKENS = /\/\*[^]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|\b\w+\b/g;

/** The text with a word replaced wherever it is code, and how often that was. */
export function renameWord(text: string, from: string, to: string): { text: string; count: number } {
  let count = 0;
  const out = text.replace(TOKENS, (word) => {
    if (word !== from) return word;
    count++;
    return to;
  });
  return { text: out, count };
}

/**
 * The text with a weak declaration before the first function, and a condition around each statement that calls the function by
 * itself. A call inside an expression is left alone: what stands for its value only the author knows. Null when there is no such statement.
 */
export function guardCalls(text: string, fix: Extract<QuickFix, { kind: "guard" }>): string | null {
  const escaped = fix.name.replace(/\W/g, "");
  const statement = new RegExp(`^([ \\t]*)(${escaped}\\s*\\([^;{}]*\\);)`, "gm");
  if (!statement.test(text)) return null;
  const guarded = text.replace(statement, (_, indent: string, call: string) => `${indent}if (${fix.condition})\n${indent}\t${call}`);
  // An older, strong declaration would stay strong: it makes way for the weak one.
  const declaration = new RegExp(`^(?:extern\\s+)?[A-Za-z_][\\w\\s*]*\\b${escaped}\\s*\\([^;{}]*\\)[^;{}]*__ksym[^;{}]*;`, "m");
  const weak = fix.declaration.trim().replace(/;?$/, ";");
  if (declaration.test(guarded)) return guarded.replace(declaration, () => weak);
  const firstSection = guarded.search(/^SEC\(/m);
  const at = firstSection < 0 ? 0 : firstSection;
  return `${guarded.slice(0, at)}${weak}\n\n${guarded.slice(at)}`;
}

/** Makes the change in every file of the project; how many files changed. */
export function applyFix(fix: QuickFix): number {
  let changed = 0;
  const files = Object.fromEntries(Object.entries(session.project.value.files).map(([name, text]) => {
    const next = fix.kind === "rename" ? renameWord(text, fix.from, fix.to).text : (guardCalls(text, fix) ?? text);
    if (next !== text) changed++;
    return [name, next];
  }));
  if (changed > 0) session.update({ files });
  return changed;
}
