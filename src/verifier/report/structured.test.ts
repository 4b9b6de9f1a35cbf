import { describe, expect, it } from "vitest";
import type { Env } from "../state/env.ts";
import { printReport, reportTitle, structuredReport, withReport } from "./structured.ts";

/** As much of an environment as the reports about a program's structure look at. */
function envWith(message: string, structured = true): Env {
  const line = { insn: 0, file: "a.bpf.c", line: 3, col: 2, text: "\treturn x;", fileOff: 1, lineOff: 2, lineCol: 0 };
  return {
    f: { structured_errors: structured }, insnIdx: 0, insn: { code: 0xb7, dst: 0, src: 0, off: 0, imm: 0 }, insns: [{ code: 0xb7, dst: 0, src: 0, off: 0, imm: 0 }, { code: 0x95, dst: 0, src: 0, off: 0, imm: 0 }],
    prog: { lineInfo: [line] }, subprogs: [{ start: 0, name: "main" }, { start: 2, name: "" }], subprogCnt: 1, findContainingSubprog: () => 0,
    log: { frozen: -1, dropped: 0, lastLines: () => [message], text: () => `${message}\n`, insnText: (i: number) => (i === 0 ? "(b7) r0 = 0" : "(95) exit") },
  } as unknown as Env;
}

describe("structured report", () => {
  it("stands below the message: why, where, what would help", () => {
    const env = envWith("unreachable insn 1");
    const report = structuredReport(env)!;
    expect(reportTitle(report)).toBe("Program Structure: Unreachable instruction");
    expect(withReport(env, report)).toBe(`unreachable insn 1

Verification failed: Program Structure: Unreachable instruction

Reason:
  Instruction 1 is not reachable from the program entry point.

At:
  main @ a.bpf.c:3:2
  Source context:
      1 | ...
      2 | ...
  >>> 3 |         return x;
        |         ^-- error: unreachable instruction
      4 | ...
      5 | ...
  Instruction context:
      0 | (b7) r0 = 0
  >>> 1 | (95) exit

Suggestion:
  Remove the unreachable instruction or add valid control flow that reaches it.

`);
  });
  it("is only of releases that have it, and only for messages that come with one", () => {
    expect(structuredReport(envWith("unreachable insn 1", false))).toBeUndefined();
    expect(structuredReport(envWith("back-edge from insn 3 to 1"))).toBeUndefined();
    expect(structuredReport(envWith("R1 type=scalar expected=fp"))).toBeUndefined();
  });
  it("breaks long lines at spaces", () => {
    const report = { category: "Memory Safety", problem: "p", reason: `${"word ".repeat(30)}end`, at: "p", suggestion: "s", insn: 0 } as const;
    for (const line of printReport(envWith(""), report).split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });
});
