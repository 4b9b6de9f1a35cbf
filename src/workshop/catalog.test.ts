import { describe, expect, it } from "vitest";
import { parseBundle, parseIndex } from "./catalog.ts";
import { safePath } from "./paths.ts";
import type { WorkshopIndexEntry } from "./types.ts";
import { tinyFiles } from "./testing/tiny.ts";

const entry: WorkshopIndexEntry = {
  id: "tiny", kind: "workshop", title: "Two small steps", summary: "", minutes: 10, language: "en", authors: ["A"], license: "CC-BY-4.0",
  steps: [{ id: "01-pass", title: "Pass", minutes: 4 }], kernels: ["5.10", "7.2"], bundle: "tiny.json", bytes: 100,
};

describe("the list of workshops", () => {
  it("is read as it was written", () => {
    expect(parseIndex({ schema: 1, workshops: [entry] })).toEqual({ ok: true, value: [entry] });
  });
  it("leaves out what is damaged and keeps the rest", () => {
    expect(parseIndex({ schema: 1, workshops: [null, { ...entry, id: "../x" }, { ...entry, bundle: "../../secret" }, { ...entry, bundle: "https://host/x" }, entry] })).toEqual({ ok: true, value: [entry] });
    expect(parseIndex({ schema: 2, workshops: [] }).ok).toBe(false);
    expect(parseIndex([]).ok).toBe(false);
  });
});

describe("a bundle", () => {
  it("gives its files", () => {
    expect(parseBundle({ schema: 1, id: "tiny", files: tinyFiles() })).toEqual({ ok: true, value: tinyFiles() });
  });
  it.each([[null], [{ schema: 1 }], [{ schema: 1, files: { "a.md": 1 } }], [{ schema: 1, files: { "../a.md": "" } }]])("%j is refused", (value) => {
    expect(parseBundle(value).ok).toBe(false);
  });
});

it.each(["../a", "/a", "a/../b", "a//b", "", "a\\b", "C:x", "a/.", "..", "x\u0000", " a"])("%j is no path to follow", (path) => {
  expect(safePath(path)).toBe(false);
});
it.each(["workshop.md", "01-a/starter/main.bpf.c", "a b/c.h", "é.md"])("%j is one", (path) => {
  expect(safePath(path)).toBe(true);
});
