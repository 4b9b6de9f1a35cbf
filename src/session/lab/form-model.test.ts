import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { overlayChange } from "../../kernel/overlay-schema.ts";
import { controlOf, emptyValue, headline, moved, optionOf, pathText, printDocument, problemsAt, readDocument, switchOption, valueAt, withValue, type Json, type Schema } from "./form-model.ts";

const schema = JSON.parse(readFileSync(new URL("../../../public/kernels/overlay.schema.json", import.meta.url), "utf8")) as Schema;
const changes = controlOf(((schema["properties"] as Record<string, Schema>)["changes"])!);
const change = controlOf(changes.kind === "list" ? changes.item : {});

describe("the lab's schema as a form", () => {
  it("offers every operation there is, under its title", () => {
    if (change.kind !== "variants") throw new Error("changes are variants");
    expect(change.tag).toBe("op");
    expect(change.options.map((o) => o.word)).toEqual((overlayChange.json["oneOf"] as Schema[]).map((o) => ((o["properties"] as Record<string, Schema>)["op"]!)["const"]));
    for (const option of change.options) expect(option.title, option.word).not.toBe("");
  });
  it("an empty change of each has just what is required", () => {
    if (change.kind !== "variants") throw new Error("changes are variants");
    for (const option of change.options) {
      const value = emptyValue(option.schema) as Record<string, Json>;
      expect(value["op"]).toBe(option.word);
      expect(Object.keys(value).sort(), option.word).toEqual([...(option.schema["required"] as string[])].sort());
    }
  });
  it("knows what to offer at a field", () => {
    if (change.kind !== "variants") throw new Error("changes are variants");
    const fields = controlOf(change.options.find((o) => o.word === "deprecate")!.schema);
    const of = (name: string) => (fields.kind === "object" ? controlOf(fields.fields.find((f) => f.name === name)!.schema) : null);
    expect(of("kfunc")).toMatchObject({ kind: "text", names: "kfunc" });
    expect(of("removedIn")).toMatchObject({ kind: "text", names: "release" });
    expect(of("reason")).toMatchObject({ kind: "text", editor: "sentence" });
  });
});

describe("another operation for a change", () => {
  it("keeps what both have", () => {
    if (change.kind !== "variants") throw new Error("changes are variants");
    const before = { op: "deprecate", kfunc: "bpf_x", removedIn: "7.6", reason: "why" };
    expect(switchOption(change, before, "remove")).toEqual({ op: "remove", kfunc: "bpf_x", reason: "why" });
    expect(optionOf(change, { op: "no such" })).toBeNull();
  });
});

describe("edits", () => {
  const document = { name: "x", odd: [1, { a: true }], changes: [{ op: "a" }, { op: "b" }, { op: "c" }] };
  it("change one place and lose nothing else", () => {
    const after = withValue(document, ["changes", 1, "kfunc"], "bpf_y");
    expect(after).toEqual({ ...document, changes: [{ op: "a" }, { op: "b", kfunc: "bpf_y" }, { op: "c" }] });
    expect(Object.keys(after as object)).toEqual(Object.keys(document));
    expect(valueAt(after, ["changes", 1, "kfunc"])).toBe("bpf_y");
    expect(withValue(after, ["changes", 1, "kfunc"], undefined)).toEqual(document);
    expect(withValue({}, ["api", "releases", 0, "version"], 1)).toEqual({ api: { releases: [{ version: 1 }] } });
  });
  it("text to form and back is the same document, whatever is in it", () => {
    const source = printDocument(document);
    expect(printDocument(readDocument(source)!)).toBe(source);
    expect(readDocument("{")).toBeUndefined();
  });
  it("order", () => {
    expect(valueAt(moved(document, ["changes"], 0, 1), ["changes"])).toEqual([{ op: "b" }, { op: "a" }, { op: "c" }]);
    expect(moved(document, ["changes"], 2, 1)).toBe(document);
    expect(valueAt(withValue(document, ["changes", 0], undefined), ["changes"])).toEqual([{ op: "b" }, { op: "c" }]);
  });
  it("nothing in a document breaks reading it", () => {
    for (const bad of [null, 1, "x", [], { changes: 1 }, { changes: [null, 1] }] as Json[]) {
      expect(valueAt(bad, ["changes", 0, "op"])).toBeUndefined();
      expect(headline(valueAt(bad, ["changes", 0]))).toBe("");
    }
  });
});

describe("messages at their fields", () => {
  const problems = [{ path: "name", message: "a" }, { path: "changes[1].kfunc", message: "b" }, { path: "changes[1].zzz", message: "c" }, { path: "", message: "d" }];
  it("each once", () => {
    expect(problemsAt(problems, ["changes", 1, "kfunc"]).map((p) => p.message)).toEqual(["b"]);
    expect(problemsAt(problems, ["changes", 1], ["op", "kfunc"]).map((p) => p.message)).toEqual(["c"]);
    expect(problemsAt(problems, [], ["name", "changes"]).map((p) => p.message)).toEqual(["d"]);
    expect(pathText(["changes", 1, "signatures", 0, "from"])).toBe("changes[1].signatures[0].from");
  });
});
