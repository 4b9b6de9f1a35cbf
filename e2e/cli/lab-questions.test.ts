/** What the lab's pages ask the kernel worker, over real packs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Engine } from "../../src/cli/engine.ts";
import { KERNELS } from "../../src/cli/kernel-files.ts";

const { core } = new Engine();
const deprecated = readFileSync(join(KERNELS, "lab/deprecated.json"), "utf8");

describe("names that a form offers", () => {
  it("those that begin with what is typed come first; releases go on beyond the newest", async () => {
    const names = async (what: "kfunc" | "helper" | "program type" | "release" | "flag" | "struct", part: string) => {
      const answer = await core.labNames("7.3", null, what, part);
      return answer.ok ? answer.value : [];
    };
    expect((await names("kfunc", "bpf_task_from"))[0]).toBe("bpf_task_from_pid");
    expect(await names("helper", "bpf_map_lookup_elem")).toContain("bpf_map_lookup_elem");
    expect(await names("program type", "xdp")).toEqual(["xdp"]);
    expect(await names("flag", "KF_DEP")).toEqual(["KF_DEPRECATED"]);
    expect(await names("struct", "task_struct")).toContain("task_struct");
    expect(await names("release", "7.")).toEqual(expect.arrayContaining(["7.3", "7.4", "7.6"]));
    expect((await names("struct", "a")).length).toBeLessThanOrEqual(60);
    expect(await core.labNames("9.9", null, "kfunc", "")).toMatchObject({ ok: false });
  });
});

describe("what a custom kernel changes", () => {
  it("with the days that are left, until the date has come", async () => {
    const policy = await core.labPolicy("7.3", deprecated, "2026-11-20");
    expect(policy).toMatchObject({ ok: true, value: { name: "deprecated", simulatedRelease: "7.3", dates: [{ release: "7.6" }] } });
    const change = policy.ok ? policy.value!.changes[0]! : null;
    expect(change).toMatchObject({ name: "bpf_task_from_pid", what: "deprecated", replacement: "bpf_task_from_vpid", removal: { release: "7.6", how: "projected" } });
    expect(change!.removal!.daysLeft).toBeGreaterThan(100);
    const moved = await core.labPolicy("7.3", JSON.stringify({ ...JSON.parse(deprecated), simulatedRelease: "7.6" }), "2026-11-20");
    expect(moved.ok ? moved.value!.changes[0] : null).toMatchObject({ what: "removed", removal: null });
    expect(await core.labPolicy("7.3", null, "2026-11-20")).toEqual({ ok: true, value: null });
  });
  it("problems and what is asked for in vain, each at its place", async () => {
    expect(await core.overlayProblems("{", "7.3")).toMatchObject({ problems: [{ path: "" }] });
    const vain = JSON.stringify({ schema: 1, name: "x", changes: [{ op: "remove", kfunc: "bpf_task_from_pit" }] });
    expect(await core.overlayProblems(vain, "7.3")).toMatchObject({ problems: [], notes: [{ path: "changes[0]", message: expect.stringContaining("bpf_task_from_pid") }] });
    const types = JSON.stringify({ schema: 1, name: "x", changes: [{ op: "add", prototype: "int bpf_made_up(struct no_such_struct_anywhere x)", programTypes: ["xdp"] }] });
    expect((await core.overlayProblems(types, "7.3")).problems[0]).toMatchObject({ path: "changes[0].prototype" });
  });
});

describe("the stability record", () => {
  it("of a kfunc that a custom kernel deprecates", async () => {
    const record = await core.stability("bpf_task_from_pid", "7.3", deprecated);
    expect(record).toMatchObject({ ok: true, value: { successor: { name: "bpf_task_from_vpid" } } });
    expect(record.ok ? record.value.summary.join(" ") : "").toContain("goes away in 7.6");
  });
});
