import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type LogRow, logResultsFile, normalLog } from "./logs.ts";

const rows = JSON.parse(readFileSync(logResultsFile, "utf8")) as LogRow[];

/** Shares of whole logs that must stay equal to the recorded kernel's. */
const FLOORS: Readonly<Record<string, number>> = { "5.10/6.12/verifier": 0.99, "6.1/6.12/verifier": 0.99, "6.12/6.12/verifier": 0.99, "7.2/7.2/verifier": 1, "7.2/7.2/neighbours": 1, "7.3/7.3/verifier": 1 };

describe("recorded comparison of whole logs (npm run conformance:logs -- --write)", () => {
  it.each(Object.entries(FLOORS))("%s keeps its floor", (name, floor) => {
    const row = rows.find((r) => `${r.kernel}/${r.tests}/${r.part}` === name);
    expect(row).toBeDefined();
    if (row) expect(row.equal / row.programs).toBeGreaterThanOrEqual(floor);
  });

  it("every row has a floor", () => {
    expect(rows.map((r) => `${r.kernel}/${r.tests}/${r.part}`).sort()).toEqual(Object.keys(FLOORS).sort());
  });

  it("only addresses in 64-bit loads and the time are left out of the comparison", () => {
    expect(normalLog("4: (18) r1 = 0xff11000005df2c00       ; R1=map_ptr(map=m)\nverification time 12 usec\n")).toEqual(["4: (18) r1 = ADDRESS       ; R1=map_ptr(map=m)", "verification time"]);
    expect(normalLog("5: R1=scalar(umax=0xffffffff80000000)")).toEqual(["5: R1=scalar(umax=0xffffffff80000000)"]);
    expect(normalLog("5: (18) r1 = 0x7fffffff")).toEqual(["5: (18) r1 = 0x7fffffff"]);
  });
});
