/** A kfunc that the verifier treats specially stays special under another name, and does what it did. */
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
