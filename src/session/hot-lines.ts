import type { SourcePos } from "../loader/types.ts";
import type { DisasmLine } from "../workers/kernel-api.ts";

/** What one C line cost the verifier. */
export interface HotLine {
  /** null: instructions without line information before the first that has some */
  source: SourcePos | null;
  /** the BPF function the line's instructions stand in; an inlined line may stand in several, each counted apart */
  subprog: string;
  /** processed instructions, as the kernel's "processed N insns" counts them */
  processed: number;
  /** part of all processed instructions, 0 … 1 */
  share: number;
  /** how often the verifier came to the line's most visited instruction */
  visits: number;
  /** that instruction */
  insn: number;
  /** instructions of the line that were visited at all */
  insns: number;
}

/**
 * The C lines a verification was spent on, most expensive first (equal ones in the program's order). `visits` is how often each
 * instruction was processed, its sum the kernel's "processed N insns". An instruction without a line belongs to the line of the
 * nearest one before it in its function, as in the kernel's log. Lines that were never reached are left out.
 */
export function hotLines(visits: readonly number[], disasm: readonly DisasmLine[]): HotLine[] {
  const lines = new Map<string, { -readonly [K in keyof HotLine]: HotLine[K] }>();
  let total = 0;
  let subprog = "";
  let source: SourcePos | null = null;
  for (const line of disasm) {
    if (line.subprog) {
      subprog = line.subprog;
      source = null;
    }
    source = line.source ?? source;
    const count = visits[line.insn] ?? 0;
    if (count === 0) continue;
    total += count;
    const key = `${subprog}\n${source?.file ?? ""}\n${source?.line ?? 0}`;
    const hot = lines.get(key);
    if (!hot) {
      lines.set(key, { source, subprog, processed: count, share: 0, visits: count, insn: line.insn, insns: 1 });
      continue;
    }
    hot.processed += count;
    hot.insns++;
    if (count > hot.visits) {
      hot.visits = count;
      hot.insn = line.insn;
    }
  }
  for (const hot of lines.values()) hot.share = hot.processed / total;
  return [...lines.values()].sort((a, b) => b.processed - a.processed);
}

/** "35%", "0.4%", "<0.1%" */
export function shareText(share: number): string {
  if (share > 0 && share < 0.001) return "<0.1%";
  return share < 0.1 && share > 0 ? `${(share * 100).toFixed(1)}%` : `${Math.round(share * 100)}%`;
}
