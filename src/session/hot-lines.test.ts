import { describe, expect, it } from "vitest";
import type { DisasmLine } from "../workers/kernel-api.ts";
import { hotLines, shareText } from "./hot-lines.ts";

const at = (insn: number, line?: number, subprog?: string): DisasmLine => ({
  insn, text: `insn ${insn}`, hex: "", ...(subprog ? { subprog } : {}), ...(line ? { source: { file: "a.c", line, col: 1, text: `line ${line}` } } : {}),
});

describe("the lines a verification was spent on", () => {
  it("adds up the instructions of a line wherever they stand, most expensive line first", () => {
    const hot = hotLines([1, 10, 10, 2, 7], [at(0, 1, "main"), at(1, 5), at(2), at(3, 6), at(4, 5)]);
    expect(hot.map((h) => [h.source?.line, h.processed, h.visits, h.insn, h.insns])).toEqual([[5, 27, 10, 1, 3], [6, 2, 2, 3, 1], [1, 1, 1, 0, 1]]);
    expect(hot.reduce((sum, h) => sum + h.share, 0)).toBeCloseTo(1);
  });

  it("keeps functions apart: what has no line in one does not belong to the last line of the one before", () => {
    const hot = hotLines([1, 1, 4, 3], [at(0, 1, "main"), at(1), at(2, undefined, "helper"), at(3, 1)]);
    expect(hot.map((h) => [h.subprog, h.source?.line ?? null, h.processed])).toEqual([["helper", null, 4], ["helper", 1, 3], ["main", 1, 2]]);
  });

  it("leaves out what was never reached, and holds with no visit at all", () => {
    expect(hotLines([0, 3], [at(0, 1, "main"), at(1, 2)]).map((h) => h.source?.line)).toEqual([2]);
    expect(hotLines([], [at(0, 1, "main")])).toEqual([]);
  });

  it("says small shares as such", () => {
    expect([0.5, 0.034, 0.0004, 0].map(shareText)).toEqual(["50%", "3.4%", "<0.1%", "0%"]);
  });
});
