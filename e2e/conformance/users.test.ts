import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadUsers } from "../../src/kernel/stability-users.ts";
import { apisOfText } from "./users.ts";

describe("callers in C text", () => {
  const names = new Set(["bpf_task_acquire", "bpf_ktime_get_ns", "scx_bpf_dsq_insert", "bpf_map_lookup_elem"]);
  it("are calls, not declarations, comments or strings", () => {
    const text = `extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
/* bpf_map_lookup_elem(x) */ // bpf_map_lookup_elem(y)
u64 t = bpf_ktime_get_ns(); const char *s = "bpf_map_lookup_elem(z)"; scx_bpf_dsq_insert___v2(p, 0);`;
    expect([...apisOfText(text, names)].sort()).toEqual(["bpf_ktime_get_ns", "scx_bpf_dsq_insert"]);
  });
});

describe("public/kernels/users.json", () => {
  it("counts the same objects that projects.json lists", () => {
    const table = loadUsers(readFileSync(new URL("../../public/kernels/users.json", import.meta.url), "utf8"));
    if (!table.ok) throw new Error(table.error);
    const manifest = JSON.parse(readFileSync(new URL("./projects.json", import.meta.url), "utf8")) as { package: string; version: string }[];
    const objects = table.value.sources.filter((s) => s.kind === "project" && s.form === "objects");
    for (const { name, version, files } of objects) expect(manifest.filter((m) => m.package === name && m.version === version), name).toHaveLength(files);
    expect(objects.reduce((sum, s) => sum + s.files, 0)).toBe(manifest.length);
  });
});
