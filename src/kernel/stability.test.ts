import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadApiDb } from "./api-store.ts";
import { makeKernel } from "./kernel.ts";
import { NORM_RULES, normOf } from "./stability-norms.ts";
import { loadUsers, storeUsers } from "./stability-users.ts";
import { stabilityRecord } from "./stability.ts";
import { smallPack } from "./testing/small-pack.ts";

const read = (file: string): string => readFileSync(new URL(`../../public/kernels/${file}`, import.meta.url), "utf8");
const unwrap = <T>(r: { ok: true; value: T } | { ok: false; error: unknown }): T => {
  if (!r.ok) throw new Error(String(r.error));
  return r.value;
};
const db = unwrap(loadApiDb(read("api.json")));
const users = unwrap(loadUsers(read("users.json")));
const record = (name: string) => unwrap(stabilityRecord(name, { db, users, kernel: null }));

describe("the stability record", () => {
  it("of a helper: promised, used, old", () => {
    const r = record("bpf_map_lookup_elem");
    expect(r).toMatchObject({ kind: "helper", id: 1, successor: null, norm: { area: "helpers", promise: "stable" }, age: { since: "5.10", after: null, until: null } });
    expect(r.users!.totals.project).toBeGreaterThan(50);
    expect(r.summary[0]).toContain("promised to stay");
    expect(r.factors.find((f) => f.factor === "use")).toMatchObject({ pull: "keep" });
  });
  it("of a kfunc that is gone: successor, age, norm", () => {
    const r = record("scx_bpf_dispatch");
    expect(r).toMatchObject({ successor: { name: "scx_bpf_dsq_insert" }, norm: { area: "sched_ext", promise: "none" }, age: { since: "6.16", until: "6.16" } });
    expect(r.norm.measured.gone).toBeGreaterThan(5);
    expect(r.changes).toContainEqual({ kernel: "6.17", kind: "gone", what: expect.stringContaining("scx_bpf_dsq_insert") });
    expect(record("scx_bpf_dsq_insert").predecessors).toContain("scx_bpf_dispatch");
  });
  it("tells a change of prototype from a change of flags", () => {
    const kinds = (name: string) => new Set(record(name).changes.map((c) => c.kind));
    expect(kinds("bpf_dynptr_slice")).toContain("signature");
    expect(kinds("bpf_task_acquire")).not.toContain("signature");
  });
  it("says what it does not know", () => {
    const r = unwrap(stabilityRecord("bpf_task_acquire", { db, users: null, kernel: null }));
    expect(r.users).toBeNull();
    expect(r.factors.find((f) => f.factor === "use")).toMatchObject({ pull: "unknown" });
    expect(r.factors.find((f) => f.factor === "cost")).toMatchObject({ pull: "unknown" });
    expect(stabilityRecord("bpf_task_aquire", { db, users, kernel: null })).toMatchObject({ ok: false, error: expect.stringContaining("bpf_task_acquire") });
  });
  it("counts only kernels that can tell", () => {
    const r = record("bbr_main");
    expect(r.age!.unknown).toEqual(["6.19", "7.0", "7.1"]);
    expect(r.age!.of).toBe(db.kernels.length - 3);
  });
  it("of what a custom kernel makes up, deprecates and changes", () => {
    const kernel = unwrap(makeKernel(smallPack("7.2"), {
      schema: 1, name: "lab", changes: [
        { op: "add", prototype: "int bpf_made_up(struct task_struct *task)", flags: [], programTypes: ["tracing"] },
        { op: "deprecate", kfunc: "bpf_old", removedIn: "7.6", replacement: "bpf_new", reason: "it is an example" },
      ],
    }));
    const made = unwrap(stabilityRecord("bpf_made_up", { db, users, kernel }));
    expect(made).toMatchObject({ madeUpBy: "7.2+lab", age: null, kind: "kfunc", signature: "int bpf_made_up(struct task_struct *task)" });
    expect(made.summary[0]).toContain("only in the custom kernel");
    const old = unwrap(stabilityRecord("bpf_old", { db, users, kernel }));
    expect(old.successor).toMatchObject({ name: "bpf_new", note: expect.stringContaining("lab") });
    expect(old.changes).toContainEqual({ kernel: "7.2+lab", kind: "policy", what: "deprecated, goes away in 7.6 (it is an example)" });
  });
  it("has a norm for every API, and every norm names its source", () => {
    for (const life of db.apis) expect(normOf(db, life).area, life.name).not.toBe("");
    for (const rule of NORM_RULES) expect(rule.source, rule.area).toMatch(/^kernel \d/);
    const areas = new Set(db.apis.map((a) => normOf(db, a).area));
    for (const rule of NORM_RULES) expect(areas, "a rule nothing falls under").toContain(rule.area);
  });
});

describe("the table of users", () => {
  it("reads what it writes, and names only APIs there are", () => {
    expect(loadUsers(storeUsers(users))).toEqual({ ok: true, value: users });
    expect(storeUsers(users)).toBe(read("users.json"));
    const names = new Set(db.apis.map((a) => a.name));
    for (const [name, counts] of users.uses) {
      expect(names, name).toContain(name);
      for (const c of counts) expect(c.files).toBeLessThanOrEqual(users.sources[c.source]!.files);
    }
  });
  it.each(["", "[]", '{"schema":2}', '{"schema":1,"sources":[{}],"uses":{}}', '{"schema":1,"sources":[],"uses":{"x":[[0,1,[]]]}}', '{"schema":1,"sources":[],"uses":{"x":1}}'])("refuses %j", (text) => {
    expect(loadUsers(text)).toMatchObject({ ok: false, error: expect.stringContaining("users.json") });
  });
});
