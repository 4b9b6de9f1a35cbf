import { describe, expect, it } from "vitest";
import { plainHex, runChecks } from "./checks.ts";
import type { Attempt, Check, WorkshopStep } from "./types.ts";

const attempt: Attempt = {
  files: { "main.c": "int main;" },
  compile: async () => ({ errors: [], warnings: ["unused variable"], programs: ["p"] }),
  verdict: async (_p, kernel) =>
    kernel === "7.3" ? { verdict: "rejected", stage: "resolve", message: "unknown kfunc", insns: 0 } : { verdict: "accepted", stage: "verify", message: "", insns: 20 },
  calls: async () => ["bpf_map_lookup_elem"],
  run: async () => ({ outcome: "exited", message: "", retval: 4294967295, packetOut: "0a0b", trace: ["<...>-1 bpf_trace_printk: hello"], maps: { m: [{ key: "01000000", value: "0500000000000000" }] } }),
};
const base = { title: "t", program: null };

async function outcome(check: Check) {
  const step = { kernel: "7.2", program: null, input: null, checks: [check] } as unknown as WorkshopStep;
  return (await runChecks(step, attempt))[0];
}

describe("runChecks", () => {
  const passing: Check[] = [
    { ...base, kind: "verdict", verdict: "accepted", kernels: ["7.2"], stage: null, message: null },
    { ...base, kind: "verdict", verdict: "rejected", kernels: ["7.3"], stage: "resolve", message: "unknown" },
    { ...base, kind: "returns", value: -1, input: null },
    { ...base, kind: "map", map: "m", key: "u32 1", value: "u64 5", input: null },
    { ...base, kind: "packet_out", hex: "0A 0B", input: null },
    { ...base, kind: "trace", text: "hello", input: null },
    { ...base, kind: "insns_below", count: 21, kernels: ["7.2"] },
    { ...base, kind: "calls", api: "bpf_map_lookup_elem" },
    { ...base, kind: "avoids", api: "bpf_probe_read" },
    { ...base, kind: "compiles", without: "errors" },
    { ...base, kind: "script", expression: 'verdicts["7.2"].insns < 30 && run.retval == 4294967295 && "bpf_map_lookup_elem" in calls', kernels: ["7.2"], input: null },
  ];
  it.each(passing.map((c) => [c.kind, c] as const))("%s passes", async (_k, check) => {
    expect(await outcome(check)).toEqual({ title: "t", passed: true, detail: "" });
  });

  const failing: [Check, string][] = [
    [{ ...base, kind: "verdict", verdict: "accepted", kernels: ["7.2", "7.3"], stage: null, message: null }, "7.3: rejected: unknown kfunc"],
    [{ ...base, kind: "returns", value: 1, input: null }, "it returned 4294967295"],
    [{ ...base, kind: "map", map: "m", key: "u32 2", value: "u64 5", input: null }, "no key"],
    [{ ...base, kind: "packet_out", hex: "ff", input: null }, "0a0b"],
    [{ ...base, kind: "trace", text: "bye", input: null }, "it printed"],
    [{ ...base, kind: "insns_below", count: 20, kernels: ["7.2"] }, "processed 20"],
    [{ ...base, kind: "calls", api: "bpf_redirect" }, "it calls bpf_map_lookup_elem"],
    [{ ...base, kind: "avoids", api: "bpf_map_lookup_elem" }, "it calls"],
    [{ ...base, kind: "compiles", without: "warnings" }, "unused variable"],
    [{ ...base, kind: "script", expression: "1 + 1", kernels: [], input: null }, "not true or false"],
    [{ ...base, kind: "script", expression: "syntax error here(", kernels: [], input: null }, "the script fails"],
    [{ title: "t", program: "q", kind: "calls", api: "x" }, "no program named q"],
  ];
  it.each(failing.map(([c, d]) => [c.kind, d, c] as const))("%s fails with %s", async (_k, detail, check) => {
    const o = await outcome(check);
    expect(o?.passed).toBe(false);
    expect(o?.detail).toContain(detail);
  });
});

it("plainHex reads numbers with widths", () => {
  expect(plainHex("u16 258")).toBe("0201");
  expect(plainHex("u64 0xff")).toBe("ff00000000000000");
  expect(plainHex("AA:bb cc")).toBe("aabbcc");
});
