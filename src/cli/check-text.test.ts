import { describe, expect, it } from "vitest";
import { rowJson } from "./check-row.ts";
import type { CheckRow } from "./check-row.ts";
import { minimumText, printRows } from "./check-text.ts";
import { exitOf } from "./check.ts";
import { table } from "./output.ts";

const row = (kernel: string, verdict: CheckRow["verdict"], rest: Partial<CheckRow> = {}): CheckRow => ({
  file: "x.bpf.o", program: "p", kernel, lab: null, verdict, stage: "verify", message: verdict === "accepted" ? "" : "invalid access to packet", warnings: [], changes: [], ms: 3.14159, ...rest,
});
const print = (rows: CheckRow[], kernels: string[], colour = false): string => {
  const lines: string[] = [];
  printRows("x.bpf.o", rows, kernels, { line: (t) => lines.push(t), error: () => undefined, colour, width: 80 });
  return lines.join("\n");
};

describe("a row as JSON", () => {
  it("accepted, in the contract's order", () => {
    expect(rowJson(row("7.2", "accepted", { insns: 118, states: 9 }))).toBe(
      '{"schema":1,"file":"x.bpf.o","program":"p","kernel":"7.2","verdict":"accepted","stage":"verify","message":"","insns":118,"states":9,"ms":3.1}',
    );
  });
  it("rejected, with source and the API's life", () => {
    const json = JSON.parse(rowJson(row("7.3", "rejected", {
      stage: "resolve", insn: 17, source: { file: "s.c", line: 42, col: 3, text: "x();" },
      api: { name: "scx_bpf_cpu_rq", kind: "kfunc", status: "removed", since: "6.16", until: "7.2", replacement: "scx_bpf_locked_rq", sentences: ["a", "b"], fixes: [] },
    }))) as Record<string, unknown>;
    expect(json).toMatchObject({ insn: 17, source: { file: "s.c", line: 42, text: "x();" }, api: { name: "scx_bpf_cpu_rq", kind: "kfunc", status: "removed", since: "6.16", until: "7.2", explanation: "a; b" } });
    expect(Object.keys(json)).not.toContain("log");
  });
});

describe("rows for people", () => {
  it("one kernel: message, source line and caret", () => {
    const text = print([row("7.2", "rejected", { source: { file: "s.c", line: 42, col: 9, text: "    *(u8 *)p = 1;" } }), row("7.2", "accepted", { program: "longer", insns: 5, states: 1 })], ["7.2"]);
    expect(text).toBe([
      "x.bpf.o on 7.2",
      "  ✗ p       rejected  verify",
      "      invalid access to packet",
      "      s.c:42:9",
      "            *(u8 *)p = 1;",
      "                ^",
      "  ✓ longer  accepted  5 insns  1 states  3.1 ms",
      "",
    ].join("\n"));
  });
  it("several kernels: a matrix, the first kernel, each cause once", () => {
    const rows = [row("6.1", "rejected"), row("6.12", "rejected"), row("7.2", "accepted"), row("7.3", "accepted", { warnings: ["kfunc x is deprecated"] })];
    expect(print(rows, ["6.1", "6.12", "7.2", "7.3"])).toBe([
      "x.bpf.o",
      "     6.1  6.12  7.2  7.3",
      "  p  ✗    ✗     ✓    !",
      "",
      "  p: minimum kernel 7.2",
      "    6.1, 6.12  verify",
      "      invalid access to packet",
      "    warning on 7.3: kfunc x is deprecated",
      "",
    ].join("\n"));
  });
  it("colours only on a terminal that has them", () => {
    expect(print([row("7.2", "rejected")], ["7.2"], true)).toContain("\u001b[31m");
    expect(table([["\u001b[31ma\u001b[0m", "1"], ["bbb", "22"]], [1])).toEqual(["\u001b[31ma\u001b[0m     1", "bbb  22"]);
  });
  it("says in words which kernels take a program", () => {
    const words = (marks: string) => minimumText([...marks].map((m, i) => ({ kernel: `6.${i}`, verdict: m === "+" ? "accepted" as const : m === "?" ? "unsupported" as const : "rejected" as const })));
    expect(["?-+", "??"].map(words)).toEqual(["minimum kernel 6.2; no verdict on 6.0", "no verdict (unsupported on 6.0, 6.1)"]);
    expect(["+++", "---", "-++", "++-", "-+-", "+-+", "-++-"].map(words)).toEqual([
      "accepted by all, from 6.0 on", "accepted by none of them", "minimum kernel 6.1", "accepted up to 6.1, not after", "accepted by 6.1 only", "accepted by 6.0, 6.2 only", "accepted from 6.1 to 6.2",
    ]);
  });
});

describe("exit status", () => {
  it("a rejection outweighs what is unsupported; a compile error all", () => {
    expect(exitOf([row("7.2", "accepted")], false)).toBe(0);
    expect(exitOf([row("7.2", "accepted"), row("7.2", "unsupported"), row("7.2", "rejected")], false)).toBe(1);
    expect(exitOf([row("7.2", "accepted"), row("7.2", "unsupported")], false)).toBe(3);
    expect(exitOf([row("7.2", "rejected", { stage: "compile" })], true)).toBe(4);
  });
});
