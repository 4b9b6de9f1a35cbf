import { describe, expect, it } from "vitest";
import { exportProgress, importProgress, newProgress, readResultLine, resetStep, resultLine, stepProgress, withStep } from "./progress.ts";
import type { Workshop } from "./types.ts";

const workshop = { schema: 1, id: "w", title: "", summary: "", minutes: 1, language: "en", authors: [], license: "", steps: [{ id: "a" }, { id: "b" }] } as unknown as Workshop;

describe("progress", () => {
  const p = withStep(withStep(newProgress(workshop, "Zoë K."), "a", { passed: true, attempts: 2, seconds: 61.4, files: { "m.c": "x" } }), "b", { attempts: 1 });

  it("comes back from its file", () => {
    const back = importProgress(exportProgress(p), workshop);
    expect(back).toEqual({ ok: true, value: p });
  });

  it("resets one step and keeps the rest", () => {
    const r = resetStep(p, "a");
    expect(stepProgress(r, "a")).toEqual({ passed: false, attempts: 2, hintsSeen: 0, seconds: 61.4 });
    expect(stepProgress(r, "b").attempts).toBe(1);
  });

  it("travels as one line", () => {
    const line = resultLine(p, workshop);
    expect(readResultLine(line, workshop)).toEqual({ ok: true, value: { attendee: "Zoë K.", steps: [{ passed: true, attempts: 2, seconds: 61 }, { passed: false, attempts: 1, seconds: 0 }] } });
    expect(readResultLine(line.replace("+2", "+3"), workshop)).toMatchObject({ ok: false });
  });

  it.each(["", "{", "[]", '{"schema":1}', '{"schema":1,"workshop":"other","steps":{}}', '{"schema":1,"workshop":"w","steps":{"a":{"files":{"x":1}}}}'])("refuses %s", (text) => {
    expect(importProgress(text, workshop).ok).toBe(false);
  });
});
