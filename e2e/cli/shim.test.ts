/** Header shims, compiled by the real clang and judged over the real packs. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/main.ts";

const programs = fileURLToPath(new URL("./programs/shim", import.meta.url));
interface Proof { program: string; kernel: string; before: { verdict: string }; after: { verdict: string; message: string } }

async function shim(file: string, kernels: string): Promise<Proof[]> {
  const lines: string[] = [];
  const errors: string[] = [];
  await runCli(["shim", join(programs, file), "--kernels", kernels, "--json"], { line: (t) => lines.push(t), error: (t) => errors.push(t), colour: false, width: 100 });
  expect(errors).toEqual([]);
  return (JSON.parse(lines[0]!) as { proof: Proof[] }).proof;
}
const by = (proof: readonly Proof[], program: string, which: "before" | "after"): string => proof.filter((p) => p.program === program).map((p) => `${p.kernel} ${p[which].verdict}`).join(", ");

describe("one object for a range of kernels", () => {
  it("a renamed kfunc of sched_ext", async () => {
    const proof = await shim("scx-old-names.bpf.c", "6.16..7.3");
    expect(by(proof, "enqueue", "before")).toMatch(/^6\.16 accepted, 6\.17 rejected/);
    for (const p of proof) expect(p.after, `${p.program} on ${p.kernel}`).toMatchObject({ verdict: "accepted" });
  });
  it("a kfunc that lost its last argument with 7.0", async () => {
    const proof = await shim("workqueue.bpf.c", "6.1..7.3");
    expect(by(proof, "start", "before")).toMatch(/6\.19 rejected, 7\.0 accepted/);
    for (const p of proof) expect(p.after, `${p.program} on ${p.kernel}`).toMatchObject({ verdict: "accepted" });
  });
  it("an open-coded loop, whose kfuncs are called inside libbpf's macro", async () => {
    const proof = await shim("loop-in-macro.bpf.c", "6.1..6.12");
    expect(by(proof, "loop", "before")).toBe("6.1 rejected, 6.12 accepted");
    expect(by(proof, "loop", "after")).toBe("6.1 accepted, 6.12 accepted");
  });
  it("kfuncs and a helper that the oldest kernels lack", async () => {
    const proof = await shim("cgroup-dynptr-helper.bpf.c", "5.10..6.16");
    for (const program of ["mk", "dyn", "hlp"]) {
      expect(by(proof, program, "before"), program).toContain("5.10 rejected");
      expect(by(proof, program, "after"), program).not.toContain("rejected");
    }
  });
});
