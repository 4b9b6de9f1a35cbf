import { describe, expect, it } from "vitest";
import { evaluateScript } from "./script.ts";

const facts = {
  calls: ["bpf_map_lookup_elem", "bpf_trace_printk"], source: { "main.c": `${"a".repeat(200)}!` }, verdicts: { "7.2": { verdict: "accepted", insns: 12n } },
  run: { retval: 2n, trace: Array.from({ length: 200_000 }, (_, i) => `line ${i}`) },
};

describe("a check's script", () => {
  it.each([
    ['verdicts["7.2"].insns < 20', true],
    ['calls.exists(c, c.startsWith("bpf_map"))', true],
    ['run.trace.all(a, run.trace.exists(b, a == b)) && run.trace.size() == 1000', true],
    ['source["main.c"].contains("b")', false],
  ])("%s is %s", (expression, value) => {
    expect(evaluateScript(expression, facts)).toEqual({ ok: true, value });
  });

  it.each([
    ["a regular expression that never ends", 'source["main.c"].matches("^(a+)+$")', /matches\(\)/],
    ["the same in a comment's disguise", 'source["main.c"]\n//.\n.matches // (\n("^(a+)+$")', /matches\(\)|fails/],
    ["loops in loops", "run.trace.all(a, run.trace.all(b, run.trace.all(c, a == b || b == c || true)))", /3 loops/],
    ["loops hidden in arguments", "[[1].map(x, [2].map(y, [3].filter(z, true)))].size() == 1", /3 loops/],
    ["deep nesting", `${"(".repeat(1900)}1${")".repeat(1900)} == 1`, /fails|longer/],
    ["something else than a truth", "1 + 1", /not true or false/],
    ["nonsense", "][", /fails/],
    ["a long text", "a".repeat(5000), /longer/],
  ])("refuses %s, at once", (_what, expression, why) => {
    const start = performance.now();
    const result = evaluateScript(expression, facts);
    expect(result.ok ? "taken" : result.error).toMatch(why);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
