import { describe, expect, it } from "vitest";
import { overlayTextProblems, placeOf } from "./overlay-problems.ts";

const problems = (document: unknown) => overlayTextProblems(typeof document === "string" ? document : JSON.stringify(document));

describe("what is wrong with a custom kernel's document", () => {
  it("nothing", () => {
    expect(problems({ schema: 1, name: "x", changes: [{ op: "remove", kfunc: "bpf_x" }] })).toEqual([]);
  });
  it("all at once, each at its place", () => {
    const found = problems({ schema: 1, name: "no name", changes: [{ op: "remove" }, { op: "deprecate", kfunc: "bpf_x", removedIn: "soon" }, { op: "who" }, 7] });
    expect(found.map((p) => p.path)).toEqual(["name", "changes[0].kfunc", "changes[1].removedIn", "changes[2].op", "changes[3]"]);
    for (const p of found) expect(p.message.length).toBeGreaterThan(5);
  });
  it("a prototype that cannot be read, at its field", () => {
    expect(problems({ schema: 1, name: "x", changes: [{ op: "add", prototype: "int (", programTypes: ["xdp"] }] })).toMatchObject([{ path: "changes[0].prototype" }]);
  });
  it.each(["", "{", "null", "[]", "7", '{"schema":1}', '{"schema":1,"name":"x","changes":{}}', '{"changes":[[[]]]}'])("%j does not break it", (text) => {
    expect(problems(text).length).toBeGreaterThan(0);
  });
});

describe("the place in a message", () => {
  it("is told from what it says", () => {
    expect(placeOf("custom kernel: changes[2].signatures[0].from: expected a number")).toEqual({ path: "changes[2].signatures[0].from", message: "expected a number" });
    expect(placeOf("changes[0]: kernel 7.2 has no kfunc bpf_x to remove")).toEqual({ path: "changes[0]", message: "kernel 7.2 has no kfunc bpf_x to remove" });
    expect(placeOf("kernel 7.2: cannot be fetched")).toEqual({ path: "", message: "kernel 7.2: cannot be fetched" });
  });
});
