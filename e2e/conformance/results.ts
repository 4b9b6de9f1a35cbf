/**
 * All recordings judged by our verifier, the figures kept as data.
 *
 *   npm run conformance:results [-- KERNEL…]     rewrites results.json (some ten minutes; needs the compiled tests in .cache/conformance)
 *
 * `npm test` cannot compile the kernel's tests, so results.test.ts checks these results against the recordings they were made from.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compare, loadKernel, summarize } from "./compare.ts";
import { listRecordings, readRecording } from "./recorded.ts";

export interface ResultRow {
  kernel: string;
  tests: string;
  /** of the recording's file */
  recording: string;
  programs: number;
  verdict: number;
  message: number;
  insns: number;
  falseAccepts: readonly string[];
  falseRejects: readonly string[];
  /** what is not simulated → programs */
  unsupported: Readonly<Record<string, number>>;
}

export const resultsFile = fileURLToPath(new URL("results.json", import.meta.url));
export const recordingFile = (kernel: string, tests: string): string => fileURLToPath(new URL(`recorded/${kernel}.tests-${tests}.json.gz`, import.meta.url));
export const sha256 = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

async function judge(kernelName: string, tests: string): Promise<ResultRow> {
  const kernel = await loadKernel(kernelName);
  const s = summarize([...compare(kernel, readRecording(kernelName, tests).objects, tests, () => true)]);
  return {
    kernel: kernelName, tests, recording: sha256(recordingFile(kernelName, tests)), programs: s.programs, verdict: s.verdict, message: s.message, insns: s.insns,
    falseAccepts: [...s.falseAccept].sort(), falseRejects: [...s.falseReject].sort(),
    unsupported: Object.fromEntries([...s.unsupported].sort(([a], [b]) => a.localeCompare(b))),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const only = process.argv.slice(2);
  const rows: ResultRow[] = existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, "utf8")) as ResultRow[]) : [];
  for (const [kernel, tests] of listRecordings()) {
    if (only.length > 0 && !only.includes(kernel)) continue;
    const row = await judge(kernel, tests);
    const at = rows.findIndex((r) => r.kernel === kernel && r.tests === tests);
    if (at >= 0) rows[at] = row;
    else rows.push(row);
    rows.sort((a, b) => a.kernel.localeCompare(b.kernel, "en", { numeric: true }) || a.tests.localeCompare(b.tests));
    writeFileSync(resultsFile, `${JSON.stringify(rows, null, 1)}\n`);
    const percent = (n: number): string => `${((100 * n) / row.programs).toFixed(1)}%`;
    console.log(`${kernel}, tests of ${tests}: ${row.programs} programs, verdict ${percent(row.verdict)}, message ${percent(row.message)}, instructions ${percent(row.insns)}, false accepts ${row.falseAccepts.length}`);
  }
}
