import { apiEntry } from "../api-data.ts";
import { session } from "../state.ts";

/** The call that the refusal is about and what replaces it, where that is one word for another. */
export function replacement(): { from: string; to: string } | null {
  const check = session.check.value;
  if (check.kind !== "done" || check.verdict.verdict !== "rejected") return null;
  const subject = check.verdict.load?.subject;
  const name = subject && (subject.kind === "kfunc" || subject.kind === "ksym" || subject.kind === "helper") ? subject.name : null;
  const to = name ? apiEntry(name)?.replacement : null;
  return name && to && /^\w+$/.test(to) ? { from: name, to } : null;
}

/** Writes the replacement everywhere in the project's files. Strings and comments keep the old word: they may talk about it. */
export function applyReplacement({ from, to }: { from: string; to: string }): number {
  let count = 0;
  const files: Record<string, string> = {};
  for (const [name, text] of Object.entries(session.project.value.files)) {
    files[name] = text.replace(/\/\*[^]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|\b\w+\b/g, (word) => {
      if (word !== from) return word;
      count++;
      return to;
    });
  }
  if (count > 0) session.update({ files });
  return count;
}

