import { describe, expect, it } from "vitest";
import { findStep, readAddress, writeAddress, type Wanted } from "./address.ts";

describe("an address", () => {
  const cases: [string | null, string, string | null, Wanted | null][] = [
    [null, "#w=tiny", null, { kind: "own", id: "tiny", step: null }],
    [null, "#workshop=tiny/02-count", null, { kind: "own", id: "tiny", step: "02-count" }],
    [null, "#w=~mine/3", null, { kind: "kept", id: "mine", step: "3" }],
    ["https://x/y.zip?a=1", "", null, { kind: "url", url: "https://x/y.zip?a=1", step: null }],
    ["https://x/y.zip", "#step=a", null, { kind: "url", url: "https://x/y.zip", step: "a" }],
    [null, "", "w=tiny", { kind: "own", id: "tiny", step: null }],
    [null, "#w=other", "w=tiny", { kind: "own", id: "other", step: null }],
    ["https://x/y.zip", "", "w=tiny", { kind: "url", url: "https://x/y.zip", step: null }],
    [null, "#v1.k=7%2E2.AAAA", "w=tiny", null],
    [null, "#api/bpf_loop", null, null],
    [null, "#w=../../x", null, null],
    [null, "#w=a/b/c", null, null],
    [null, "", null, null],
  ];
  it.each(cases)("%s %s (start %s)", (url, hash, start, wanted) => {
    expect(readAddress(url, hash, start)).toEqual(wanted);
    if (wanted !== null) {
      const again = writeAddress(wanted);
      expect(readAddress(new URLSearchParams(again.search).get("workshop"), again.hash)).toEqual(wanted);
    }
  });

  it("names a step by its folder or its number", () => {
    const steps = [{ id: "01-a" }, { id: "02-b" }, { id: "1" }];
    expect([findStep(steps, "02-b"), findStep(steps, "2"), findStep(steps, "1"), findStep(steps, "9"), findStep(steps, "x")]).toEqual(["02-b", "02-b", "1", null, null]);
  });
});
