import { describe, expect, it } from "vitest";
import { Documents, exportProject, importProject, memoryStore } from "./documents.ts";
import { emptyProject, fileNameProblem, mainFile, projectTitle } from "./project.ts";

const project = (text: string) => ({ ...emptyProject(), files: { "main.bpf.c": text } });

describe("documents", () => {
  it("keeps and lists, newest first", () => {
    let now = 1000;
    const docs = new Documents(memoryStore(), "tab1", () => now++);
    docs.save("a", project("// one"));
    docs.save("b", project("// two"));
    expect(docs.list().map((d) => d.id)).toEqual(["b", "a"]);
    expect(docs.list()[0]!.title).toBe("two");
    expect(docs.load("a")).toMatchObject({ ok: true, value: { files: { "main.bpf.c": "// one" } } });
  });

  it("goes on as a copy when another tab has written meanwhile", () => {
    let now = 1000;
    const store = memoryStore();
    const one = new Documents(store, "tab1", () => now++);
    const two = new Documents(store, "tab2", () => now++);
    one.save("a", project("// mine"));
    expect(two.load("a").ok).toBe(true);
    expect(two.save("a", project("// theirs")).outcome).toBe("saved");
    const saved = one.save("a", project("// mine, newer"));
    expect(saved.outcome).toBe("copied");
    expect(saved.id).not.toBe("a");
    expect(one.load("a")).toMatchObject({ value: { files: { "main.bpf.c": "// theirs" } } });
    expect(one.save(saved.id, project("// again")).outcome).toBe("saved");
  });

  it("says when the store is full and keeps what was there", () => {
    const store = memoryStore();
    const docs = new Documents(store, "tab1");
    docs.save("a", project("// old"));
    const full = new Documents({ ...store, set: () => false }, "tab1");
    full.load("a");
    expect(full.save("a", project("// new")).outcome).toBe("full");
    expect(docs.load("a")).toMatchObject({ value: { files: { "main.bpf.c": "// old" } } });
  });

  it("does not trip over damaged entries", () => {
    const store = memoryStore();
    store.set("bpf-playground/doc/x", "{");
    store.set("bpf-playground/doc/y", JSON.stringify({ project: { schema: 1, files: {} }, title: "t", saved: 1, writer: "" }));
    const docs = new Documents(store, "tab1");
    expect(docs.list().map((d) => d.id)).toEqual(["y"]);
    expect(docs.load("x").ok).toBe(false);
    expect(docs.load("y")).toMatchObject({ ok: false, error: expect.stringContaining("none") });
  });

  it("finds the same project again", () => {
    const docs = new Documents(memoryStore(), "tab1");
    docs.save("a", project("// one"));
    expect(docs.findSame(project("// one"))).toBe("a");
    expect(docs.findSame(project("// two"))).toBeNull();
  });
});

describe("project files", () => {
  it("export and import", () => {
    const p = project("// x");
    expect(importProject(exportProject(p))).toEqual({ ok: true, value: p });
  });
  it.each([["", "JSON"], ["{}", "not a project"], ['{"format":"bpf-playground"}', "object"], ['{"format":"bpf-playground","project":{"schema":1}}', "files"]])("refuses %j", (text, why) => {
    expect(importProject(text)).toMatchObject({ ok: false, error: expect.stringContaining(why) });
  });
});

describe("names and titles", () => {
  it("file names", () => {
    expect(fileNameProblem("a.bpf.c")).toBeNull();
    expect(fileNameProblem("lib/a.h")).toBeNull();
    for (const bad of ["", "a", "/a.c", "../a.c", "a/../b.c", ".c", "a b.c", "vmlinux.h", "<x>.c", "a".repeat(90) + ".c"]) expect(fileNameProblem(bad)).not.toBeNull();
    expect(fileNameProblem("a.c", ["a.c"])).toContain("already");
  });
  it("main file", () => {
    expect(mainFile({ ...emptyProject(), files: { "b.h": "", "a.c": "", "c.c": "" }, activeFile: "b.h" })).toBe("a.c");
    expect(mainFile({ ...emptyProject(), files: { "b.h": "", "a.c": "", "c.c": "" }, activeFile: "c.c" })).toBe("c.c");
    expect(mainFile({ ...emptyProject(), files: { "b.h": "" }, activeFile: "b.h" })).toBeNull();
  });
  it("titles", () => {
    expect(projectTitle(project("// SPDX-License-Identifier: GPL-2.0\n// Counts packets\nint x;"))).toBe("Counts packets");
    expect(projectTitle(project("#include <x>\nint drop(void *ctx)\n{}"))).toBe("drop (main.bpf.c)");
    expect(projectTitle(project(""))).toBe("main.bpf.c");
  });
});
