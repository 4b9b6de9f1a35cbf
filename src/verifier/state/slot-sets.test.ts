import { expect, it } from "vitest";
import { FrameAccess } from "./slot-sets.ts";

it("reads flow back to what comes before, writes stop them", () => {
  // 0: write slot 0; 1: write slot 1; 2: read slots 0 to 2
  const a = new FrameAccess(3);
  a.mustWrite.addRange(0, 0, 0);
  a.mustWrite.addRange(1, 1, 1);
  a.mayRead.addRange(2, 0, 2);
  for (let i = 2; i >= 0; i--) expect(a.flow(i, i === 2 ? [] : [i + 1])).toBe(true);
  const live = (i: number): number[] => [0, 1, 2, 3].filter((b) => a.liveBefore.has(i, b));
  expect(live(2)).toEqual([0, 1, 2]);
  expect(live(1)).toEqual([0, 2]);
  expect(live(0)).toEqual([2]);
  expect(a.flow(0, [1])).toBe(false);
});
it("a range beyond the stack is cut", () => {
  const a = new FrameAccess(1);
  a.mayRead.addRange(0, 126, 500);
  expect(a.mayRead.has(0, 127)).toBe(true);
  expect(a.liveBefore.isEmpty(0)).toBe(true);
});
