import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FALSE_ACCEPTS } from "./false-accepts.ts";
import { listRecordings } from "./recorded.ts";
import { recordingFile, type ResultRow, resultsFile, sha256 } from "./results.ts";

const rows = JSON.parse(readFileSync(resultsFile, "utf8")) as ResultRow[];

/** Shares of agreement that a release's own tests, or the nearest, must keep: verdict, last message, processed instructions. */
const OWN = [0.99, 0.99, 0.99] as const;
const BARS: Readonly<Record<string, readonly [number, number, number]>> = {
  "7.3/7.3": OWN, "7.2/7.2": OWN, "7.1/7.2": OWN, "7.0/7.2": OWN, "6.19/7.2": OWN, "6.18/7.2": OWN, "6.17/7.2": OWN, "6.16/7.2": OWN, "6.12/6.12": OWN,
  "6.1/6.1": OWN, "6.1/6.12": OWN, "5.10/6.1": OWN, "5.10/6.12": OWN,
  "7.2/7.2-unprivileged": OWN, "6.12/6.12-unprivileged": OWN, "6.1/6.12-unprivileged": OWN,
};

describe("recorded conformance (npm run conformance:results)", () => {
  it.each(listRecordings())("%s, tests of %s: the results are about the recording in the tree", (kernel, tests) => {
    const row = rows.find((r) => r.kernel === kernel && r.tests === tests);
    expect(row?.recording).toBe(sha256(recordingFile(kernel, tests)));
  });

  it.each(Object.entries(BARS))("%s keeps its bar", (name, [verdict, message, insns]) => {
    const row = rows.find((r) => `${r.kernel}/${r.tests}` === name);
    expect(row).toBeDefined();
    if (!row) return;
    expect(row.verdict / row.programs).toBeGreaterThanOrEqual(verdict);
    expect(row.message / row.programs).toBeGreaterThanOrEqual(message);
    expect(row.insns / row.programs).toBeGreaterThanOrEqual(insns);
  });

  it.each(rows.filter((r) => r.tests === "projects"))("objects of other projects get the verdict of $kernel", (row) => {
    expect(row.verdict).toBe(row.programs);
    expect(row.message).toBe(row.programs);
    expect(row.insns / row.programs).toBeGreaterThanOrEqual(0.98);
  });

  it.each(rows.filter((r) => r.tests.endsWith("-modules")))("$kernel, $tests: programs that need its modules or .config get its answer", (row) => {
    expect(row.programs).toBeGreaterThan(0);
    expect(row.verdict).toBe(row.programs);
    expect(row.message).toBe(row.programs);
    expect(row.insns / row.programs).toBeGreaterThanOrEqual(0.98);
  });

  it("no false accept is without a reason, and no reason without its false accept", () => {
    const found = rows.flatMap((r) => r.falseAccepts.map((name) => `${r.kernel}/${r.tests} ${name}`));
    expect(found.sort()).toEqual(Object.keys(FALSE_ACCEPTS).sort());
  });

  it("every disagreement has a name", () => {
    for (const r of rows) {
      const unsupported = Object.values(r.unsupported).reduce((a, b) => a + b, 0);
      expect(r.verdict + r.falseAccepts.length + r.falseRejects.length + unsupported, `${r.kernel}/${r.tests}`).toBe(r.programs);
    }
  });
});
