import { describe, expect, it } from "vitest";
import { FAMILIES } from "../../src/verifier/report/explain/families.ts";
import { listRecordings, readRecording } from "./recorded.ts";

/** Least share of recorded refusals, on any kernel, whose message belongs to a family with an explanation of its own. */
const BAR = 0.97;

describe("explanations against what real kernels said", () => {
  it.each(listRecordings())("kernel %s, programs of %s", (kernel, tests) => {
    const refusals = readRecording(kernel, tests).objects.flatMap((o) => o.programs.filter((p) => p.stage === "verify" && p.verdict === "rejected"));
    if (refusals.length === 0) return;
    const unknown = refusals.filter((p) => !FAMILIES.some((f) => f.match.test(p.message ?? "")));
    const share = 1 - unknown.length / refusals.length;
    console.log(`${kernel}, ${tests}: ${(100 * share).toFixed(1)}% of ${refusals.length} refusals have a family`);
    expect(share, unknown.map((p) => p.message).join("\n")).toBeGreaterThan(refusals.length < 40 ? 0.9 : BAR);
  });
  it("every family is met by a name in lower case and names the kernel's function", () => {
    for (const f of FAMILIES) {
      expect(f.name).toMatch(/^[a-z-]+$/);
      expect(f.check).toMatch(/^_*[a-z][a-z0-9_]+$/);
    }
  });
  it("no message is so long that looking for its family takes long", () => {
    const start = performance.now();
    for (const f of FAMILIES) f.match.exec("R1 ".repeat(20_000));
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
