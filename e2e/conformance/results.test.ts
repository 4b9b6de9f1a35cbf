import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { listRecordings } from "./recorded.ts";
import { recordingFile, type ResultRow, resultsFile, sha256 } from "./results.ts";

const rows = JSON.parse(readFileSync(resultsFile, "utf8")) as ResultRow[];

/** Shares of agreement that a release's own tests, or the nearest, must keep: verdict, last message, processed instructions. */
const BARS: Readonly<Record<string, readonly [number, number, number]>> = {
  "7.3/7.3": [0.95, 0.9, 0.85], "7.2/7.2": [0.97, 0.9, 0.85], "6.18/7.2": [0.95, 0.9, 0.85], "6.12/6.12": [0.95, 0.9, 0.85], "6.1/6.12": [0.95, 0.9, 0.85],
  "7.2/projects": [0.99, 0.99, 0.8], "6.12/projects": [0.99, 0.99, 0.95],
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

  it("every disagreement has a name", () => {
    for (const r of rows) {
      const unsupported = Object.values(r.unsupported).reduce((a, b) => a + b, 0);
      expect(r.verdict + r.falseAccepts.length + r.falseRejects.length + unsupported, `${r.kernel}/${r.tests}`).toBe(r.programs);
    }
  });
});
