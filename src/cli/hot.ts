/** `check --hot`: the C lines that the verifier spent its instructions on. */
import { hotLines, shareText } from "../session/hot-lines.ts";
import type { HotLine } from "../session/hot-lines.ts";
import type { ProgramVerdict } from "../workers/kernel-api.ts";
import type { Engine } from "./engine.ts";
import { paint, table } from "./output.ts";
import type { Output } from "./output.ts";

/** Lines shown when no number is given. */
export const HOT_LINES = 10;

/** The `most` most expensive lines of a program that reached the verifier; none where it did not. */
export async function collectHot(engine: Engine, object: string, verdict: ProgramVerdict, overlay: string | null, most: number): Promise<HotLine[]> {
  const visits = verdict.verify?.visits;
  if (!visits || visits.length === 0) return [];
  const disasm = await engine.core.disasm(object, verdict.program, verdict.kernel, overlay);
  return disasm.ok ? hotLines(visits, disasm.value).slice(0, most) : [];
}

/** For people: share, processed instructions, visits, place, text. */
export function printHot(hot: readonly HotLine[], out: Output): void {
  const rows = hot.map((h) => [
    "     ", shareText(h.share), String(h.processed), `×${h.visits}`, place(h), paint(out, "grey", h.source?.text.trim() ?? ""),
  ]);
  for (const line of table([["     ", "share", "insns", "visits", "line", ""], ...rows], [1, 2, 3])) out.line(line);
}

const place = (h: HotLine): string => (h.source && h.source.line > 0 ? `${h.source.file.replace(/^\.\//, "")}:${h.source.line}` : `${h.subprog}() insn ${h.insn}`);

/** As `--json` has it: `processed` is how many of "processed N insns" the line took, `visits` how often its busiest instruction was reached. */
export function hotJson(h: HotLine): object {
  return {
    ...(h.source && h.source.line > 0 ? { file: h.source.file.replace(/^\.\//, ""), line: h.source.line, text: h.source.text.trim() } : {}),
    subprog: h.subprog, processed: h.processed, share: Math.round(h.share * 1e4) / 1e4, visits: h.visits, insn: h.insn,
  };
}
