import { describe, expect, it } from "vitest";
import { aluTracks, framePointer, imprecise, joinTracks, moveTrack, NONE, somewhereIn } from "./arg-track.ts";

describe("arg tracks", () => {
  it("join keeps up to four offsets of one frame", () => {
    let t = framePointer(0, -8);
    for (const off of [-32, -16, -24]) t = joinTracks(t, framePointer(0, off));
    expect(t).toEqual({ frame: 0, offs: [-32, -24, -16, -8], mask: 0 });
    expect(joinTracks(t, framePointer(0, -40))).toEqual(somewhereIn(0));
  });
  it("join with no address adds offset 0, so that a write is not certain", () => {
    expect(joinTracks(framePointer(1, -8), NONE).offs).toEqual([-8, 0]);
    expect(joinTracks(NONE, framePointer(1, -8)).offs).toEqual([-8, 0]);
    expect(joinTracks(NONE, NONE)).toBe(NONE);
  });
  it("join of two frames remembers which", () => {
    expect(joinTracks(framePointer(0, -8), framePointer(2, -8))).toEqual(imprecise(0b101));
  });
  it("arithmetic by a register loses the offset, by a constant moves it", () => {
    expect(aluTracks(framePointer(0, -8), NONE)).toEqual(somewhereIn(0));
    expect(aluTracks(NONE, framePointer(1, -8))).toEqual(somewhereIn(1));
    expect(aluTracks(framePointer(0, 0), framePointer(1, 0))).toEqual(imprecise(3));
    expect(moveTrack(framePointer(0, 0), -16)).toEqual(framePointer(0, -16));
    expect(moveTrack(framePointer(0, -32768), -1)).toEqual(somewhereIn(0));
  });
});
