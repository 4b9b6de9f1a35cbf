import { describe, expect, it } from "vitest";
import { parseWorkshop } from "./parse.ts";

const good: Record<string, string> = {
  "workshop.md": `---\nschema: 1\nid: first\ntitle: First steps\nminutes: 30\nauthors: [A, B]\nsteps: [01-hello]\n---\nA summary.\n`,
  "01-hello/step.md": `---\ntitle: Hello\nkernel: 5.10\nchecks:\n  - verdict: accepted\n    kernels: [5.10, 7.2]\n  - returns: 2\n    input: {preset: udp-dns}\n  - map: counts\n    key: u32 0\n    value: u64 1\nhints: [Look at the return value.]\n---\nText.\n`,
  "01-hello/starter/main.c": "int x;",
  "01-hello/solution/main.c": "int y;",
};

describe("parseWorkshop", () => {
  it("reads a workshop and keeps 5.10 a text", () => {
    const w = parseWorkshop(good);
    if (!w.ok) throw new Error(JSON.stringify(w.error));
    expect(w.value.summary).toBe("A summary.");
    const step = w.value.steps[0];
    expect(step?.kernel).toBe("5.10");
    expect(step?.checks.map((c) => c.kind)).toEqual(["verdict", "returns", "map"]);
    expect(step?.checks[0]).toMatchObject({ kernels: ["5.10", "7.2"], title: "5.10, 7.2 take it" });
    expect(step?.solution).toEqual({ "main.c": "int y;" });
  });

  it.each([
    ["a misspelt name", { "01-hello/step.md": good["01-hello/step.md"]!.replace("hints:", "hintz:") }, "hintz", "is not a name this format knows"],
    ["a misspelt verdict", { "01-hello/step.md": good["01-hello/step.md"]!.replace("verdict: accepted", "verdict: acceptd") }, "checks[0].verdict", 'expected one of accepted, rejected, found "acceptd"'],
    ["a step that is not there", { "workshop.md": good["workshop.md"]!.replace("[01-hello]", "[01-hello, 02-gone]") }, "steps", "there is no 02-gone/step.md"],
    ["a step nobody names", { "02-lost/step.md": good["01-hello/step.md"]! }, "", "is not among the steps"],
    ["a custom kernel that is not there", { "01-hello/step.md": good["01-hello/step.md"]!.replace("[5.10, 7.2]", "[7.2+gone]") }, "checks[0].kernels", "there is no labs/gone.json"],
    ["a kernel that is none", { "01-hello/step.md": good["01-hello/step.md"]!.replace("kernel: 5.10", "kernel: newest") }, "kernel", '"newest" is no kernel'],
    ["a time that is none", { "workshop.md": good["workshop.md"]!.replace("minutes: 30", "minutes: -1") }, "minutes", "above 0"],
    ["a step without a task", { "01-hello/step.md": "---\ntitle: T\nkernel: 7.2\n---\nText.\n" }, "checks", "a step of a workshop has a task"],
    ["YAML that is none", { "01-hello/step.md": "---\na: [\n---\n" }, "", "front matter is not YAML"],
    ["no front matter", { "01-hello/step.md": "# hi" }, "", "begins without front matter"],
    ["a path that climbs out", { "../etc/passwd": "" }, "", "paths stay inside"],
    ["a number that is none", { "01-hello/step.md": good["01-hello/step.md"]!.replace("returns: 2", "returns: two") }, "checks[1].returns", "expected a number"],
  ])("refuses %s with place and reason", (_name, change, path, message) => {
    const w = parseWorkshop({ ...good, ...change });
    expect(w.ok).toBe(false);
    if (w.ok) return;
    expect(w.error.some((p) => p.path === path && p.message.includes(message)), JSON.stringify(w.error)).toBe(true);
  });

  it("knows custom kernels, essays, sources, and files the solution leaves as they are", () => {
    const w = parseWorkshop({
      "workshop.md": `---\nschema: 1\nid: e\nkind: essay\ntitle: E\nminutes: 5\nsources: [{title: A text, where: Somewhere 2020}]\n---\nAbout.\n`,
      "labs/gone.json": "{}",
      "01-a/step.md": `---\ntitle: A\nkernel: 7.2+gone\nkernels: [7.2, 7.2+gone]\ngoal: It loads.\nchecks:\n  - warning: none\n  - answer: [two, 2]\n    question: n\n---\nText.\n`,
      "01-a/starter/main.c": "a", "01-a/starter/shim.h": "h", "01-a/solution/main.c": "b",
      "02-b/step.md": "---\ntitle: B\nkernel: 7.2\n---\nOnly text.\n", "02-b/starter/main.c": "a",
    });
    if (!w.ok) throw new Error(JSON.stringify(w.error));
    const [a, b] = w.value.steps;
    expect(w.value).toMatchObject({ kind: "essay", about: "About.", sources: [{ title: "A text", where: "Somewhere 2020" }] });
    expect(a).toMatchObject({ kernel: "7.2", lab: "gone", overlay: "{}", solution: { "main.c": "b", "shim.h": "h" }, goal: "It loads." });
    expect(a?.checks[0]).toMatchObject({ kind: "warning", text: null, kernels: ["7.2", "7.2+gone"] });
    expect(b?.checks).toEqual([]);
  });

  it("survives a document of many aliases", () => {
    const bomb = `---\na: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\n---\n`;
    expect(parseWorkshop({ ...good, "workshop.md": bomb }).ok).toBe(false);
  });
});
