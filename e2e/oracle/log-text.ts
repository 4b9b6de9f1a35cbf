/**
 * What a verifier log says in short: its error line and its statistics. Formats differ between releases; all are
 * taken from logs of the real kernels.
 */

/** Figures at the end of a log (printed at log level 4 and, for accepted programs, at 1 and 2 too). */
export interface LogStatistics {
  readonly insns: number;
  readonly maxStatesPerInsn?: number;
  readonly totalStates?: number;
  readonly peakStates?: number;
  readonly markRead?: number;
  /** The text after "stack depth", e.g. "8+0". */
  readonly stackDepth?: string;
}

const statisticsLine = /^(verification time \d|stack depth |insns processed|subprog \d+ |processed \d+ insns)/;

/**
 * The verifier's error line: the last line before the statistics and, from 7.3 on, before the structured report
 * (`Verification failed: …` and what follows it). Empty when there is none.
 */
export function errorLine(log: string): string {
  const lines = log.replace(/\n+$/, "").split("\n");
  let end = lines.length;
  const report = lines.findIndex((line) => line.startsWith("Verification failed: "));
  if (report >= 0) end = report;
  while (end > 0 && (lines[end - 1] === "" || statisticsLine.test(lines[end - 1] ?? ""))) end--;
  return lines[end - 1] ?? "";
}

/** The title of 7.3's structured report, e.g. "Register Type Safety: Bitwise operation on pointer". */
export function reportTitle(log: string): string | undefined {
  return /^Verification failed: (.*)$/m.exec(log)?.[1];
}

/** The figures of the log's last statistics; undefined when the log has none. */
export function logStatistics(log: string): LogStatistics | undefined {
  const all = [...log.matchAll(/^processed (\d+) insns(?: \(limit \d+\))?(?: max_states_per_insn (\d+) total_states (\d+) peak_states (\d+) mark_read (\d+))?/gm)];
  const last = all[all.length - 1];
  if (!last) return undefined;
  const [insns, maxStatesPerInsn, totalStates, peakStates, markRead] = last.slice(1).map((text) => (text === undefined ? undefined : Number(text)));
  const stackDepth = [...log.matchAll(/^stack depth (.*)$/gm)].pop()?.[1];
  return { insns: insns ?? 0, maxStatesPerInsn, totalStates, peakStates, markRead, stackDepth };
}

/** A message without what differs from boot to boot: kernel addresses, and a time that follows without a line break. */
export const comparable = (message: string): string => message.replace(/verification time \d+ usec$/, "").replace(/0x[0-9a-f]{12,16}/g, "0xADDR");
