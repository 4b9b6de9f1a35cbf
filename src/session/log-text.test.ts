import { describe, expect, it } from "vitest";
import { indexLog, insnOfLine, sourceOfLine, tokensOfLine } from "./log-text.ts";

const LOG = `0: R1=ctx() R10=fp0
; int x = *p; @ main.bpf.c:12
0: (61) r2 = *(u32 *)(r1 +4)          ; R1=ctx() R2_w=pkt_end()
from 3 to 7: R0=0
7: (85) call bpf_map_lookup_elem#1
R1 invalid mem access 'scalar'
processed 9 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`;

describe("the log as lines", () => {
  const log = indexLog(LOG, "R1 invalid mem access 'scalar'");
  it("finds lines and their kinds", () => {
    expect(log.lines).toBe(7);
    expect(Array.from({ length: 7 }, (_, i) => log.kind(i))).toEqual(["state", "source", "insn", "branch", "insn", "error", "stats"]);
    expect(log.line(6)).toMatch(/mark_read 0$/);
    expect(log.line(7)).toBe("");
    expect(log.firstLineOf(7)).toBe(4);
    expect(log.firstLineOf(99)).toBe(-1);
  });
  it("is empty for no log", () => expect(indexLog("").lines).toBe(0));
  it("knows instructions and source lines", () => {
    expect(insnOfLine(log.line(2))).toBe(0);
    expect(insnOfLine(log.line(3))).toBe(7);
    expect(insnOfLine("plain")).toBeNull();
    expect(sourceOfLine(log.line(1))).toEqual({ text: "int x = *p;", file: "main.bpf.c", line: 12 });
    expect(sourceOfLine("; int y;")).toEqual({ text: "int y;", file: null, line: null });
  });
  it("cuts lines into words without losing a character", () => {
    for (let i = 0; i < log.lines; i++) expect(tokensOfLine(log.line(i)).map((t) => t.text).join("")).toBe(log.line(i));
    expect(tokensOfLine(log.line(4)).find((t) => t.kind === "call")?.text).toBe("call bpf_map_lookup_elem#1");
  });
});
