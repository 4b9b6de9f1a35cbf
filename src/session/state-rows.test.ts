import { describe, expect, it } from "vitest";
import type { RegView, StateView } from "../verifier/types.ts";
import { boundsText, outcomeText, stateRows } from "./state-rows.ts";

const reg = (name: string, text: string, rest: Partial<RegView> = {}): RegView => ({ name, text, type: "scalar", precise: false, id: 0, ...rest });
const state = (regs: RegView[], stack: RegView[] = []): StateView => ({ frame: 0, calls: ["p"], regs, stack, held: [] });

describe("states before and after", () => {
  it("pairs registers and slots and says what changed", () => {
    const before = state([reg("r1", "ctx()"), reg("r2", "5"), reg("r10", "fp0")], [reg("fp-16", "mmmmmmmm")]);
    const after = state([reg("r0", "0"), reg("r2", "6"), reg("r10", "fp0")], [reg("fp-8", "ctx()"), reg("fp-16", "mmmmmmmm")]);
    expect(stateRows(before, after).map((r) => [r.name, r.change])).toEqual([["r0", "new"], ["r1", "gone"], ["r2", "changed"], ["r10", "same"], ["fp-8", "new"], ["fp-16", "same"]]);
  });
  it("sees a change that the text does not show", () => {
    const [row] = stateRows(state([reg("r1", "scalar()", { id: 1 })]), state([reg("r1", "scalar()", { id: 2 })]));
    expect(row?.change).toBe("changed");
  });
  it("has nothing to compare where the program was refused", () => {
    expect(stateRows(state([reg("r1", "ctx()")]), null)[0]).toMatchObject({ change: "same", after: null });
  });
  it("says bounds in words", () => {
    const bounds = { umin: "0", umax: "255", smin: "0", smax: "255", u32min: "0", u32max: "255", s32min: "0", s32max: "255", value: "0x0", mask: "0xff" };
    expect(boundsText(reg("r1", "", { bounds }))).toBe("unsigned 0 … 255; known bits 0x0, unknown 0xff");
    expect(boundsText(reg("r1", "", { bounds: { ...bounds, mask: "0x0", smin: "-1" } }))).toBe("= -1");
    expect(boundsText(reg("r1", "ctx()"))).toBeNull();
  });
  it("says how a visit went on", () => {
    const visit = { visit: 3, path: 1, before: state([]) };
    expect(outcomeText({ ...visit, outcome: "pruned", equal: { visit: 1, open: true } })).toContain("visit 1 covers it, a state of this very loop");
    expect(outcomeText({ ...visit, outcome: "jump", to: 9 })).toBe("jumps to 9");
  });
});
