import { describe, expect, it } from "vitest";
import { findStep, readAddress, writeAddress, type Wanted } from "./address.ts";

describe("an address", () => {
  const cases: [string, string, string | null, Wanted | null][] = [
    ["", "#w=tiny", null, { kind: "own", id: "tiny", step: null }],
    ["", "#workshop=tiny/02-count", null, { kind: "own", id: "tiny", step: "02-count" }],
    ["", "#w=~mine/3", null, { kind: "kept", id: "mine", step: "3" }],
    ["?workshop=https%3A%2F%2Fx%2Fy.zip%3Fa%3D1", "", null, { kind: "url", url: "https://x/y.zip?a=1", step: null }],
    ["?workshop=https://x/y.zip", "#step=a", null, { kind: "url", url: "https://x/y.zip", step: "a" }],
    ["", "", "w=tiny", { kind: "own", id: "tiny", step: null }],
    ["", "#w=other", "w=tiny", { kind: "own", id: "other", step: null }],
    ["?workshop=https://x/y.zip", "", "w=tiny", { kind: "url", url: "https://x/y.zip", step: null }],
    ["", "#v1.k=7%2E2.AAAA", "w=tiny", null],
    ["", "#api/bpf_loop", null, null],
    ["", "#w=../../x", null, null],
    ["", "#w=a/b/c", null, null],
    ["", "", null, null],
  ];
  it.each(cases)("%s %s (start %s)", (search, hash, start, wanted) => {
    expect(readAddress(search, hash, start)).toEqual(wanted);
    if (wanted !== null) {
      const again = writeAddress(wanted);
      expect(readAddress(again.search, again.hash)).toEqual(wanted);
    }
  });

  it("names a step by its folder or its number", () => {
    const steps = [{ id: "01-a" }, { id: "02-b" }, { id: "1" }];
    expect([findStep(steps, "02-b"), findStep(steps, "2"), findStep(steps, "1"), findStep(steps, "9"), findStep(steps, "x")]).toEqual(["02-b", "02-b", "1", null, null]);
  });
});
