/**
 * All recordings judged by our verifier, the figures kept as data.
 *
 *   npm run conformance:results [-- KERNEL…|KERNEL/TESTS…]     rewrites results.json (some ten minutes; needs the compiled tests in .cache/conformance)
 *
 * `npm test` cannot compile the kernel's tests, so results.test.ts checks these results against the recordings they were made from.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compare, loadKernel, type Part, partOf, summarize } from "./compare.ts";
import { listRecordings, readRecording } from "./recorded.ts";

/** Programs, and how many of them got the same verdict, last message and number of processed instructions. */
export interface Counts { programs: number; verdict: number; message: number; insns: number }

export interface ResultRow extends Counts {
  kernel: string;
  tests: string;
  /** of the recording's file */
  recording: string;
  /** the kernel's tests of its verifier and its other test programs apart, where the recording has both */
  parts?: Partial<Record<Part, Counts>>;
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
  const all = [...compare(kernel, readRecording(kernelName, tests).objects, tests, () => true)];
  const s = summarize(all);
  const names = [...new Set(all.map((c) => partOf(c.object, tests)))];
  const counts = (part: Part): Counts => {
    const { programs, verdict, message, insns } = summarize(all.filter((c) => partOf(c.object, tests) === part));
    return { programs, verdict, message, insns };
  };
  return {
    kernel: kernelName, tests, recording: sha256(recordingFile(kernelName, tests)), programs: s.programs, verdict: s.verdict, message: s.message, insns: s.insns,
    ...(names.length > 1 ? { parts: Object.fromEntries(names.map((part) => [part, counts(part)])) } : {}),
    falseAccepts: [...s.falseAccept].sort(), falseRejects: [...s.falseReject].sort(),
    unsupported: Object.fromEntries([...s.unsupported].sort(([a], [b]) => a.localeCompare(b))),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const only = process.argv.slice(2);
  const rows: ResultRow[] = existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, "utf8")) as ResultRow[]) : [];
  for (const [kernel, tests] of listRecordings()) {
    if (only.length > 0 && !only.includes(kernel) && !only.includes(`${kernel}/${tests}`)) continue;
    const row = await judge(kernel, tests);
    const at = rows.findIndex((r) => r.kernel === kernel && r.tests === tests);
    if (at >= 0) rows[at] = row;
    else rows.push(row);
    rows.sort((a, b) => a.kernel.localeCompare(b.kernel, "en", { numeric: true }) || a.tests.localeCompare(b.tests));
    writeFileSync(resultsFile, `${JSON.stringify(rows, null, 1)}\n`);
    const line = (name: string, of: Counts): string => {
      const percent = (n: number): string => `${((100 * n) / of.programs).toFixed(1)}%`;
      return `${name}: ${of.programs} programs, verdict ${percent(of.verdict)}, message ${percent(of.message)}, instructions ${percent(of.insns)}`;
    };
    console.log(`${line(`${kernel}, tests of ${tests}`, row)}, false accepts ${row.falseAccepts.length}`);
    for (const [part, of] of Object.entries(row.parts ?? {})) console.log(line(`  ${part}`, of));
  }
}
