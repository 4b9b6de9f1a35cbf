/** Custom kernels on the command line: side by side with releases, days left, both results of a run. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/main.ts";
import { SAMPLES } from "./harness.ts";

const program = (name: string): string => fileURLToPath(new URL(`programs/${name}.bpf.c`, import.meta.url));
const sample = (name: string): string => join(SAMPLES, `${name}.json`);

interface Run { exit: number; out: string; err: string; json: Record<string, unknown>[] }
async function cli(...args: string[]): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  const exit = await runCli(args, { line: (t) => out.push(t), error: (t) => err.push(t), colour: false, width: 100 });
  return { exit, out: out.join("\n"), err: err.join("\n"), json: args.includes("--json") ? out.map((line) => JSON.parse(line) as Record<string, unknown>) : [] };
}

describe("check --lab", () => {
  it("several kernels and overlays are one table; a warned program has a mark of its own", async () => {
    const { exit, out } = await cli("check", program("strong"), "--lab", "none", "--lab", sample("deprecated"), "--lab", sample("removed"));
    expect(exit).toBe(1);
    const lines = out.split("\n");
    expect(lines[1]!.trim().split(/\s+/)).toEqual(["7.3", "7.3+deprecated", "7.3+removed"]);
    expect(lines[2]!.trim().split(/\s+/)).toEqual(["strong", "✓", "!", "✗"]);
    expect(out).toContain("strong: accepted by 7.3, 7.3+deprecated");
    expect(out).toContain("warning on 7.3+deprecated: kfunc bpf_task_from_pid is deprecated and goes away in kernel 7.6; use bpf_task_from_vpid");
    expect(out).toMatch(/7\.3\+deprecated: bpf_task_from_pid goes away in 7\.6: -?\d+ days (left|ago) \(about 2027-05-02, projected\)/);
  });

  it("a release beside the distribution made of it", async () => {
    const { exit, json } = await cli("check", program("clocks"), "--program", "jiffies", "--kernel", "5.10", "--lab", "none", "--lab", sample("distribution-helpers"), "--json");
    expect(exit).toBe(1);
    expect(json.map((row) => [row["kernel"], row["lab"] ?? null, row["verdict"]])).toEqual([["5.10", null, "accepted"], ["5.10", "distro", "rejected"]]);
    expect(json[1]).toMatchObject({ api: { status: "removed by policy" }, changes: [{ kind: "helper", what: "removed", text: "helper 118 is a hole; it is bpf_jiffies64 in 5.10" }] });
  });

  it("JSON tells the days left and where the calls are", async () => {
    const { json } = await cli("check", program("strong"), "--lab", sample("deprecated"), "--json");
    expect(json[0]).toMatchObject({
      kernel: "7.3", lab: "deprecated", verdict: "accepted",
      changes: [{ name: "bpf_task_from_pid", what: "deprecated", removed_in: "7.6", removal_date: "2027-05-02", removal_date_is: "projected", insns: [1] }],
    });
  });

  it("what is wrong with the files is one line", async () => {
    expect(await cli("check", program("strong"), "--lab", sample("removed"), "--lab", sample("removed"))).toMatchObject({ exit: 2, err: `check: ${sample("removed")}: another --lab has the name "removed" already` });
    expect(await cli("check", program("strong"), "--lab", "nowhere.json")).toMatchObject({ exit: 2, err: "check: nowhere.json: no such file" });
    expect((await cli("check", program("strong"), "--lab", program("strong"))).err).toContain("strong.bpf.c: custom kernel: not JSON:");
  });
});

describe("run --lab", () => {
  it("shows both results where only a run can tell", async () => {
    const { exit, json } = await cli("run", program("random"), "--program", "looks", "--lab", sample("silent"), "--json");
    expect(exit).toBe(0);
    expect(json[0]).toMatchObject({ retval: 0, without_lab: { kernel: "7.3", functions: ["bpf_task_from_pid"], differs: true, retval: 1 } });
    const text = await cli("run", program("random"), "--program", "looks", "--lab", sample("silent"));
    expect(text.out).toContain("bpf_task_from_pid: the same name and prototype on 7.3, where the same object and input give");
    expect(text.out).toContain("the results differ, and nothing but running it tells");
  });

  it("says nothing more where the change is not met", async () => {
    expect((await cli("run", program("added"), "--program", "sums", "--lab", sample("added"), "--data-in", `hex:${"00".repeat(32)}`, "--json")).json[0]).not.toHaveProperty("without_lab");
  });
});
