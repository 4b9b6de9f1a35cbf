import { describe, expect, it } from "vitest";
import { catalogEntry, parseCatalog, safePath } from "./catalog.ts";
import { parseWorkshop } from "./parse.ts";
import { tinyFiles } from "./testing/tiny.ts";

describe("the list of workshops", () => {
  const files = tinyFiles();
  const workshop = parseWorkshop(files);
  if (!workshop.ok) throw new Error(JSON.stringify(workshop.error));

  it("says what a workshop needs, kernels in the order of their age", () => {
    const entry = catalogEntry(workshop.value, Object.keys(files));
    expect(entry).toMatchObject({ id: "tiny", kind: "workshop", steps: 2, kernels: ["5.10", "7.2"] });
    expect(entry.files[0]).toBe("workshop.md");
    expect(parseCatalog({ schema: 1, workshops: [entry] })).toEqual({ ok: true, value: [entry] });
  });

  it("leaves out what is damaged and keeps the rest", () => {
    const entry = catalogEntry(workshop.value, Object.keys(files));
    const list = parseCatalog({ schema: 1, workshops: [null, { ...entry, id: "../x" }, { ...entry, files: ["workshop.md", "../../secret"] }, { ...entry, files: [] }, entry] });
    expect(list).toEqual({ ok: true, value: [entry] });
    expect(parseCatalog({ schema: 2, workshops: [] }).ok).toBe(false);
    expect(parseCatalog([]).ok).toBe(false);
  });

  it.each(["../a", "/a", "a/../b", "a//b", "", "a\\b", "C:\\x", "a/.", "..", "x\u0000"])("%j is no path to follow", (path) => {
    expect(safePath(path)).toBe(false);
  });
  it.each(["workshop.md", "01-a/starter/main.bpf.c", "a b/c.h"])("%j is one", (path) => {
    expect(safePath(path)).toBe(true);
  });
});
