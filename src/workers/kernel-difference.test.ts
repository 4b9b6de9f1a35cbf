import { describe, expect, it } from "vitest";
import { makeKernel } from "../kernel/kernel.ts";
import { smallPack } from "../kernel/testing/small-pack.ts";
import type { Kernel } from "../kernel/types.ts";
import type { Answer, CallStatus } from "./kernel-api.ts";
import { callDifferences, kernelDifference, ruleChanges } from "./kernel-difference.ts";

function kernel(name: string): Kernel {
  const made = makeKernel(smallPack(name));
  if (!made.ok) throw new Error(made.error);
  return made.value;
}
const yes = (processed: number): Answer => ({ verdict: "accepted", stage: "verify", message: "", processed });
const no = (message: string): Answer => ({ verdict: "rejected", stage: "verify", message, processed: 5 });
const options = { budgetMs: 1000, now: () => 0 };
const old = kernel("6.1");
const young = kernel("7.2");

describe("the rules that two kernels do not share", () => {
  it("come in the order of the releases, and back in time the other way round", () => {
    const forth = ruleChanges(old, young);
    expect(forth.length).toBeGreaterThan(50);
    expect(forth.find((c) => c.name === "open_coded_iters")).toMatchObject({ change: "on", release: "6.4" });
    expect(forth.find((c) => c.name === "ref_obj_ids")).toMatchObject({ change: "off", release: "7.2" });
    const back = ruleChanges(young, old);
    expect(back.map((c) => c.name).sort()).toEqual(forth.map((c) => c.name).sort());
    expect(back.find((c) => c.name === "open_coded_iters")).toMatchObject({ change: "off", release: "6.4" });
    expect(back.at(-1)!.release).not.toBe("7.2");
    expect(ruleChanges(young, young)).toEqual([]);
  });
});

describe("the difference of two kernels", () => {
  it("names the rule that changes the verdict, and the one that changes the count", () => {
    const judge = (k: Kernel): Answer => (k.has("open_coded_iters") ? yes(k.has("live_registers") ? 8 : 10) : no("calling kernel function is not allowed"));
    const d = kernelDifference(old, young, judge, options);
    expect(d.steps.map((s) => [s.rules.map((r) => r.name), s.before.verdict, s.after.processed])).toEqual([[["open_coded_iters"], "rejected", 10], [["live_registers"], "accepted", 8]]);
    expect(d).toMatchObject({ complete: true, from: { verdict: "rejected" }, to: { verdict: "accepted", processed: 8 } });
    // Told apart by halves, not by trying every rule.
    expect(d.judged).toBeLessThan(d.rules / 2);
  });

  it("says that the tables are it where no rule is", () => {
    const judge = (k: Kernel): Answer => (k.manifest.kernel === "7.2" ? no("unknown func") : yes(4));
    expect(kernelDifference(old, young, judge, options).steps).toEqual([{ rules: [], before: yes(4), after: no("unknown func") }]);
  });

  it("looks at nothing where both say the same", () => {
    const d = kernelDifference(old, young, () => yes(4), options);
    expect(d).toMatchObject({ steps: [], judged: 2, complete: true });
  });

  it("tells the steps into and out of a defect of a mixed kernel as one", () => {
    const judge = (k: Kernel): Answer => {
      if (k.has("open_coded_iters") !== k.has("scc_loops")) return { verdict: "unsupported", stage: "verify", message: "a defect", processed: null };
      return k.has("scc_loops") ? yes(3) : yes(9);
    };
    const { steps } = kernelDifference(old, young, judge, options);
    expect(steps.map((s) => [s.rules.map((r) => r.name), s.before.processed, s.after.processed])).toEqual([[["open_coded_iters", "scc_loops"], 9, 3]]);
  });

  it("stops when time is up, and says so", () => {
    let clock = 0;
    const d = kernelDifference(old, young, (k) => (k.has("open_coded_iters") ? yes(1) : yes(2)), { budgetMs: 100, now: () => (clock += 60) });
    expect(d.complete).toBe(false);
    expect(d.steps.flatMap((s) => s.rules.map((r) => r.name))).toContain("open_coded_iters");
  });
});

it("lists the calls of one program that two kernels see differently", () => {
  const call = (name: string, status: CallStatus["status"], programs = ["p"]): CallStatus => ({ name, kind: "kfunc", id: null, weak: false, programs, status, detail: status === "missing" ? "gone" : null });
  const state = (signature: string, programTypes: string[]) => ({ signature, flags: [], programTypes, module: null, protos: [] });
  const changed = { kind: "kfunc" as const, what: "changed" as const };
  const changes = [
    { ...changed, name: "b", detail: "program types +syscall", before: state("int b(void)", ["xdp"]), after: state("int b(void)", ["xdp", "syscall"]) },
    { ...changed, name: "c", detail: "parameter x added", before: state("int c(void)", []), after: state("int c(int x)", []) },
  ];
  expect(callDifferences("p", [call("a", "available"), call("b", "available"), call("c", "available"), call("d", "missing", ["other"])], [call("a", "missing"), call("b", "available"), call("c", "available"), call("d", "available", ["other"])], changes)).toEqual([
    { name: "a", kind: "kfunc", from: "available", to: "missing", detail: "gone" },
    { name: "c", kind: "kfunc", from: "available", to: "available", detail: "parameter x added" },
  ]);
});
