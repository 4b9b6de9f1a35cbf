import { describe, expect, it } from "vitest";
import type { ProgramVerdict } from "../../workers/kernel-api.ts";
import { compareSides, differences, type Side } from "./side-by-side.ts";

const run = (retval: number) => ({ outcome: "exited" as const, retval, dataOut: null, ctxOut: null, maps: [], trace: [], insnsExecuted: 1, nsPerRun: 1 });
const verdict = (change: Partial<ProgramVerdict> = {}): ProgramVerdict => ({ program: "p", kernel: "7.2", verdict: "accepted", stage: "verify", message: "", ms: 0, ...change });
const side = (title: string, v: Partial<ProgramVerdict>, retval: number | null = 0): Side => ({ title, verdict: verdict(v), run: retval === null ? null : run(retval), notRun: null }) as Side;

describe("the same object on two kernels", () => {
  it("says what differs", () => {
    expect(differences(side("7.2", {}), side("7.2+x", {}))).toEqual([]);
    expect(differences(side("7.2", {}), side("7.2+x", { verdict: "rejected" }, null))).toEqual(["verdict: accepted on 7.2, rejected on 7.2+x"]);
    expect(differences(side("7.2", {}, 1), side("7.2+x", {}, 2))).toEqual(["the run returns 1 on 7.2, 2 on 7.2+x"]);
    expect(differences(side("7.2", { warnings: ["Error loading .BTF"] }), side("7.2+x", { warnings: ["Error loading .BTF", "kfunc a is deprecated"] }))).toEqual(["a warning on 7.2+x"]);
  });
  it("runs on a kernel only what that kernel accepts", async () => {
    const calls: string[] = [];
    const pair = await compareSides({
      check: async (_id, program, kernel, overlay) => {
        calls.push(`check ${overlay}`);
        return verdict({ program, kernel, verdict: overlay === null ? "accepted" : "rejected" });
      },
      run: async (_id, overlay) => {
        calls.push(`run ${overlay}`);
        return { ok: true, value: run(3) } as never;
      },
    }, "o", { program: "p", kernel: "7.2", dataIn: null, ctxIn: null, repeat: 1, maps: {} }, "{}", { upstream: "7.2", custom: "7.2+x" });
    expect(calls).toEqual(["check null", "run null", "check {}"]);
    expect(pair).toMatchObject({ upstream: { run: { retval: 3 } }, custom: { run: null, notRun: "it is not accepted" } });
  });
});
