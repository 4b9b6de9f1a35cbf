import { describe, expect, it } from "vitest";
import { parseWorkshop } from "./parse.ts";
import { exportProgress, newProgress, resultLine, withStep } from "./progress.ts";
import { addFile, addLines, nothingCollected, passedCounts, removeRow, roomLink, toCsv } from "./results.ts";
import { tinyFiles } from "./testing/tiny.ts";

const parsed = parseWorkshop(tinyFiles());
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
const workshop = parsed.value;
const progress = (name: string, passed: number) =>
  workshop.steps.slice(0, passed).reduce((p, s) => withStep(p, s.id, { passed: true, attempts: 2, seconds: 90, files: { "main.bpf.c": `int ${s.id};` } }), newProgress(workshop, name));

describe("what attendees hand in", () => {
  it("lines are found in a pasted chat, and a newer one of the same person replaces the older", () => {
    const chat = `18:01 Zoë: here\n18:02 Zoë: ${resultLine(progress("Zoë", 1), workshop)}\n${resultLine(progress("Ann", 0), workshop)}\n\n> ${resultLine(progress("zoë ", 2), workshop)}`;
    const all = addLines(nothingCollected, chat, workshop);
    expect(all.rows.map((r) => [r.attendee, r.steps.filter((s) => s.passed).length])).toEqual([["zoë ", 2], ["Ann", 0]]);
    expect(all.problems).toEqual([]);
    expect(passedCounts(all, workshop)).toEqual([1, 1]);
  });

  it("a file brings the texts along", () => {
    const all = addFile(addLines(nothingCollected, resultLine(progress("Bo", 0), workshop), workshop), "bo.json", exportProgress(progress("Bo", 1)), workshop);
    expect(all.rows).toHaveLength(1);
    expect(all.rows[0]).toMatchObject({ attendee: "Bo", steps: [{ passed: true, attempts: 2, seconds: 90 }, { passed: false }], files: { "01-pass": { "main.bpf.c": "int 01-pass;" } } });
    expect(removeRow(all, 0).rows).toEqual([]);
  });

  it("says what it cannot read and keeps what it has", () => {
    const some = addLines(nothingCollected, resultLine(progress("Ann", 1), workshop), workshop);
    const line = resultLine(progress("Eve", 1), workshop);
    const after = addFile(addLines(addLines(some, "hello", workshop), line.replace("+2", "+9"), workshop), "x.json", "{", workshop);
    expect(after.rows).toEqual(some.rows);
    expect(after.problems).toEqual([expect.stringContaining("no result line"), expect.stringContaining("damaged in copying"), expect.stringContaining("x.json: the file is not JSON")]);
  });

  it("goes into a spreadsheet as text, not as a formula", () => {
    const all = addLines(nothingCollected, [resultLine(progress('=HYPERLINK("x"), me', 1), workshop), resultLine(progress("Ann", 2), workshop)].join("\n"), workshop);
    const [head, first, second] = toCsv(all, workshop).split("\r\n");
    expect(head).toBe("Name,Passed,Let the packet through,Let the packet through: attempts,Let the packet through: minutes,Count what comes,Count what comes: attempts,Count what comes: minutes");
    expect(first).toBe(`"'=HYPERLINK(""x""), me",1,passed,2,1.5,,0,0.0`);
    expect(second).toBe("Ann,2,passed,2,1.5,passed,2,1.5");
  });
});

it("a room's link is as short as it can be", () => {
  expect(roomLink("https://host/play/index.html?x#y", { kind: "own", id: "xdp" })).toEqual({ ok: true, value: "https://host/play/#w=xdp" });
  expect(roomLink("https://host/", { kind: "url", url: "https://other/w.zip?a=1&b" })).toEqual({ ok: true, value: "https://host/?workshop=https%3A%2F%2Fother%2Fw.zip%3Fa%3D1%26b" });
  expect(roomLink("https://host/", { kind: "local" }).ok).toBe(false);
});
