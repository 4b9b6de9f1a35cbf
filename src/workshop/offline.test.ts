import { describe, expect, it } from "vitest";
import { fitServiceWorker, keepKernels, packsOf, parseBuild, planCopy, readme, startWith, workshopFiles } from "./offline.ts";
import { parseBundle, parseIndex } from "./catalog.ts";
import { parseWorkshop } from "./parse.ts";
import { byAge, releasesOf } from "./presenting.ts";
import { tinyFiles } from "./testing/tiny.ts";

const parsed = parseWorkshop(tinyFiles());
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
const workshop = parsed.value;
const file = (path: string, optional = false) => ({ path, bytes: 1, optional });
const build = [file("index.html"), file("sw.js"), file("assets/a.js"), file("assets/wasmer.js", true), file("toolchain/clang.wasm.br"), file("kernels/index.json", true), file("kernels/api.json", true), file("kernels/5.10.pack", true), file("kernels/6.1.pack", true), file("kernels/7.2.pack", true), file("workshops/index.json", true), file("workshops/other.json", true)];

describe("an offline copy", () => {
  it("takes the page, the compiler, and the kernels the workshop names", () => {
    expect(releasesOf(workshop, [])).toEqual(["5.10", "7.2"]);
    const plan = planCopy(build, releasesOf(workshop, packsOf(build)));
    expect(plan.ok && plan.value.map((f) => f.path)).toEqual(["index.html", "sw.js", "assets/a.js", "toolchain/clang.wasm.br", "kernels/index.json", "kernels/api.json", "kernels/5.10.pack", "kernels/7.2.pack"]);
    expect(planCopy(build, ["9.9"])).toEqual({ ok: false, error: "this page has no kernel 9.9" });
    // A custom kernel may take a function from another release; the one it pretends to be need not exist.
    const labs = { x: JSON.stringify({ simulatedRelease: "7.9", changes: [{ op: "add", from: "6.1" }] }) };
    expect(releasesOf({ ...workshop, labs }, packsOf(build))).toEqual(["5.10", "6.1", "7.2"]);
  });

  it("lists only the kernels it has, and only this workshop", () => {
    const index = keepKernels(JSON.stringify({ schema: 1, kernels: [{ kernel: "5.10" }, { kernel: "6.1" }] }), ["5.10"]);
    expect(index.ok && (JSON.parse(index.value) as unknown)).toEqual({ schema: 1, kernels: [{ kernel: "5.10" }] });
    expect(keepKernels("[", []).ok).toBe(false);
    const files = workshopFiles(workshop, tinyFiles(), ["7.2"]);
    const list = parseIndex(JSON.parse(files["workshops/index.json"]!));
    expect(list.ok && list.value).toMatchObject([{ id: "tiny", bundle: "tiny.json" }]);
    expect(parseBundle(JSON.parse(files["workshops/tiny.json"]!))).toEqual({ ok: true, value: tinyFiles() });
  });

  it("opens the workshop by itself, also as a copy of a copy", () => {
    const once = startWith("<title>x</title>", "tiny");
    expect(once.ok && startWith(once.value, "other")).toMatchObject({ ok: true, value: expect.stringMatching(/^<title>x<\/title>\s*<meta name="playground-start" content="w=other" \/>\s*$/) });
    expect(startWith("<p>", "x").ok).toBe(false);
  });

  it("has a service worker that knows what has changed", () => {
    const list = JSON.stringify({ shell: { "index.html": "old", "assets/a.js": "a", "gone.js": "x" }, data: { "kernels/6.1.pack": "p", "kernels/index.json": "old" } });
    const code = `const text=${JSON.stringify(list)};const other="{}";`;
    const fitted = fitServiceWorker(code, new Set(["index.html", "assets/a.js", "kernels/index.json", "workshops/tiny.json"]), new Map([["index.html", "new"], ["kernels/index.json", "new2"], ["workshops/tiny.json", "w"]]));
    const text = /const text=("(?:[^"\\]|\\.)*")/.exec(fitted.ok ? fitted.value : "")![1]!;
    expect(JSON.parse(JSON.parse(text) as string)).toEqual({ shell: { "index.html": "new", "assets/a.js": "a" }, data: { "kernels/index.json": "new2", "workshops/tiny.json": "w" } });
    expect(fitServiceWorker(code, new Set(), null)).toEqual({ ok: true, value: 'const text="none";const other="{}";' });
    expect(fitServiceWorker("nothing", new Set(), null).ok).toBe(false);
  });

  it("reads the build's list, and refuses one that leads elsewhere", () => {
    expect(parseBuild({ schema: 1, files: build })).toEqual({ ok: true, value: build });
    expect(parseBuild({ schema: 1, files: [{ path: "../x", bytes: 1 }] }).ok).toBe(false);
    expect(parseBuild(null).ok).toBe(false);
  });

  it("says how it is served", () => {
    expect(readme(workshop, ["5.10", "7.2"], "2026-11-20")).toMatch(/python3 -m http\.server[^]*5\.10, 7\.2|5\.10, 7\.2[^]*python3 -m http\.server/);
  });
});

it("releases are ordered by age", () => {
  expect(["7.2", "6.18", "5.10", "6.2"].sort(byAge)).toEqual(["5.10", "6.2", "6.18", "7.2"]);
});
