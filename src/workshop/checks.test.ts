import { describe, expect, it } from "vitest";
import { plainHex, runChecks } from "./checks.ts";
import type { Attempt, Check, WorkshopStep } from "./types.ts";

const attempt: Attempt = {
  files: { "main.c": "// ANSWER register: R1.\nint main;\n/* ANSWER size:  */" },
  compile: async () => ({ errors: [], warnings: ["unused variable"], programs: ["p"] }),
  verdict: async (_p, kernel) =>
    kernel === "7.3" ? { verdict: "rejected", stage: "resolve", message: "unknown kfunc", insns: 0, warnings: [] } : { verdict: "accepted", stage: "verify", message: "", insns: 20, warnings: ["kfunc x is deprecated"] },
  log: async () => "0: R1=ctx() R10=fp0",
  calls: async () => ["bpf_map_lookup_elem"],
  run: async () => ({ outcome: "exited", message: "", retval: 4294967295, packetOut: "0a0b", trace: ["<...>-1 bpf_trace_printk: hello"], maps: { m: [{ key: "01000000", value: "0500000000000000" }] } }),
};
const base = { title: "t", program: null, kernels: ["7.2"] };

async function outcome(check: Check) {
  const step = { kernel: "7.2", lab: null, program: null, input: null, checks: [check] } as unknown as WorkshopStep;
  return (await runChecks(step, attempt))[0];
}

describe("runChecks", () => {
  const passing: Check[] = [
    { ...base, kind: "verdict", verdict: "accepted", stage: null, message: null },
    { ...base, kind: "verdict", verdict: "rejected", kernels: ["7.3"], stage: "resolve", message: "unknown" },
    { ...base, kind: "returns", value: -1, input: null },
    { ...base, kind: "map", map: "m", key: "u32 1", value: "u64 5", input: null },
    { ...base, kind: "packet_out", hex: "0A 0B", input: null },
    { ...base, kind: "trace", text: "hello", input: null },
    { ...base, kind: "insns_below", count: 21 },
    { ...base, kind: "calls", api: "bpf_map_lookup_elem" },
    { ...base, kind: "avoids", api: "bpf_probe_read" },
    { ...base, kind: "compiles", without: "errors" },
    { ...base, kind: "warning", text: "deprecated" },
    { ...base, kind: "log", text: "R1=ctx()" },
    { ...base, kind: "answer", question: "register", accepted: ["r0", "`r1`"] },
    { ...base, kind: "script", expression: 'verdicts["7.2"].insns < 30 && run.retval == 4294967295 && "bpf_map_lookup_elem" in calls', input: null },
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
    [{ ...base, kind: "insns_below", count: 20 }, "processed 20"],
    [{ ...base, kind: "calls", api: "bpf_redirect" }, "it calls bpf_map_lookup_elem"],
    [{ ...base, kind: "avoids", api: "bpf_map_lookup_elem" }, "it calls"],
    [{ ...base, kind: "compiles", without: "warnings" }, "unused variable"],
    [{ ...base, kind: "warning", text: null }, "7.2 warns: kfunc x"],
    [{ ...base, kind: "warning", text: "goes away" }, "something else"],
    [{ ...base, kind: "log", text: "R2=ctx()" }, "does not contain"],
    [{ ...base, kind: "answer", question: "register", accepted: ["r2"] }, '"R1." is not it'],
    [{ ...base, kind: "answer", question: "size", accepted: ["2"] }, "still empty"],
    [{ ...base, kind: "answer", question: "colour", accepted: ["red"] }, 'no line "// ANSWER colour: …"'],
    [{ ...base, kernels: ["7.2", "7.3"], kind: "returns", value: -1, input: null }, "7.3 does not take it"],
    [{ ...base, kind: "script", expression: "1 + 1", input: null }, "not true or false"],
    [{ ...base, kind: "script", expression: "syntax error here(", input: null }, "the script fails"],
    [{ ...base, program: "q", kind: "calls", api: "x" }, "no program named q"],
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
  expect(plainHex("u32 1, u8 2")).toBe("0100000002");
});

it("each question is asked once", async () => {
  let asked = 0;
  const check: Check = { ...base, kind: "verdict", verdict: "accepted", stage: null, message: null };
  const step = { kernel: "7.2", lab: null, program: null, input: null, checks: [check, check, { ...base, kind: "returns", value: -1, input: null }] } as unknown as WorkshopStep;
  const verdict: Attempt["verdict"] = (p, k) => {
    asked++;
    return attempt.verdict(p, k);
  };
  expect((await runChecks(step, { ...attempt, verdict })).every((o) => o.passed)).toBe(true);
  expect(asked).toBe(1);
});
