import { describe, expect, it } from "vitest";
import { errorLine, logStatistics, reportTitle } from "./log-text.ts";

const classic = `0: R1=ctx() R10=fp0
0: (95) exit
R0 !read_ok
verification time 120 usec
stack depth 0
processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 2 peak_states 3 mark_read 4
`;

const structured = `0: (95) exit
R0 !read_ok

Verification failed: Register State: Uninitialized register
Reason: something
processed by nobody

verification time 120 usec
stack depth 0 max 0
insns processed 1
processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`;

describe("a verifier log in short", () => {
  it("finds the error line before the statistics", () => {
    expect(errorLine(classic)).toBe("R0 !read_ok");
  });
  it("finds the error line before 7.3's structured report", () => {
    expect(errorLine(structured)).toBe("R0 !read_ok");
    expect(reportTitle(structured)).toBe("Register State: Uninitialized register");
    expect(reportTitle(classic)).toBeUndefined();
  });
  it("reads the statistics", () => {
    expect(logStatistics(classic)).toEqual({ insns: 1, maxStatesPerInsn: 0, totalStates: 2, peakStates: 3, markRead: 4, stackDepth: "0" });
    expect(logStatistics("no figures")).toBeUndefined();
  });
  it("has nothing to say about an empty log", () => {
    expect(errorLine("")).toBe("");
  });
});
