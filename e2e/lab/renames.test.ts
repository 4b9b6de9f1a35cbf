/** A kfunc that the verifier treats specially stays special under another name, and does what it did; versions of a kernel's own kfunc. */
import { describe, expect, it } from "vitest";
import { FRAME, judgeOn, runOn } from "./harness.ts";

const overlay = (alias: boolean): string =>
  JSON.stringify({ schema: 1, name: "rcu", changes: [{ op: "rename", kfunc: "bpf_rcu_read_lock", to: "lab_read_begin", alias }] });

describe.each([false, true])("bpf_rcu_read_lock under another name, alias %s", (alias) => {
  it("opens a section that has to be closed", async () => {
    const place = { file: "rcu", program: "closed", kernel: "7.2" };
    expect(await judgeOn(place, overlay(alias))).toMatchObject({ verdict: "accepted" });
    expect((await runOn(place, overlay(alias), { dataIn: FRAME })).retval).toBe(7);
  });
  it("is missed where it is left open", async () => {
    const verdict = await judgeOn({ file: "rcu", program: "open", kernel: "7.2" }, overlay(alias));
    expect(verdict).toMatchObject({ verdict: "rejected", stage: "verify" });
    expect(verdict.message).toContain("bpf_rcu_read_lock-ed region");
  });
});

describe("versions of a kfunc that the kernel has", () => {
  const sets = (second: object[]): string => JSON.stringify({
    schema: 1, name: "sets",
    changes: [
      { op: "symbol version", version: "LAB_1", symbols: [{ name: "bpf_task_from_pid", body: { language: "expression", text: "0" } }] },
      { op: "symbol version", version: "LAB_2", symbols: second },
    ],
  });
  const outcome = async (program: string, overlay: string | null): Promise<number> => {
    const place = { file: "two-versions", program, kernel: "7.3" };
    expect(await judgeOn(place, overlay)).toMatchObject({ verdict: "accepted", message: "" });
    return (await runOn(place, overlay)).retval;
  };

  it("are both there at once; the latest set serves those who ask for none", async () => {
    const both = sets([{ name: "bpf_task_from_pid" }]);
    expect(await outcome("first", both)).toBe(50);
    expect(await outcome("latest", both)).toBe(1);
  });
  it("a set that does not list the name leaves the one before", async () => {
    expect(await outcome("latest", sets([]))).toBe(50);
  });
  it("on a kernel without versions the name is a flavour of the same function", async () => {
    expect(await outcome("first", null)).toBe(1);
  });
});
