import { describe, expect, it } from "vitest";
import { clockText, elapsed, readCommand, readState, started, stopped, toggled, type PresenterState } from "./presenting.ts";

describe("the presenter's window", () => {
  const state: PresenterState = {
    kind: "state", workshop: "W", steps: [{ id: "a", title: "A", minutes: 5 }], current: "a", notes: "**n**", goal: "g", hints: ["h"], kernel: "7.2", passed: false,
    step: { since: 5, before: 1 }, total: stopped, large: true, link: false,
  };
  it("reads what the page says", () => {
    expect(readState(structuredClone(state))).toEqual(state);
    expect(readState({ kind: "state" })).toBeNull();
    expect(readState({ ...state, step: { since: "x" }, hints: [1] })).toMatchObject({ step: stopped, hints: [] });
  });
  it.each([{ kind: "hello" }, { kind: "go", step: "a" }, { kind: "follow", href: "do:run" }, { kind: "large", on: true }, { kind: "link", on: false }, { kind: "watch", which: "step", what: "restart" }])("%j is a command", (c) => {
    expect(readCommand(c)).toEqual(c);
  });
  it.each([null, 1, {}, { kind: "go" }, { kind: "follow", href: 1 }, { kind: "large", on: "yes" }, { kind: "watch", which: "x", what: "toggle" }, { kind: "eval" }])("%j is none", (c) => {
    expect(readCommand(c)).toBeNull();
  });
});

it("a stop watch counts while it runs", () => {
  const on = started(1000);
  expect(elapsed(on, 61_000)).toBe(60_000);
  const rest = toggled(on, 61_000);
  expect(elapsed(rest, 999_000)).toBe(60_000);
  expect(elapsed(toggled(rest, 100_000), 101_000)).toBe(61_000);
  expect([0, 65_000, 3_727_000].map(clockText)).toEqual(["0:00", "1:05", "1:02:07"]);
});
