import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { unwrap } from "../base/result.ts";
import { makeTypeLife } from "../cli/write-api-db.ts";
import { loadTypeLife, missingTypeText, namesMissed, storeTypeLife } from "./type-life.ts";

const text = readFileSync(new URL("../../public/kernels/types.json", import.meta.url), "utf8");
const life = unwrap(loadTypeLife(text));

describe("which kernels have a type", () => {
  it("the file is what the packs say", async () => {
    expect(await makeTypeLife()).toBe(text);
  }, 120_000);
  it("reads what it wrote", () => {
    expect(storeTypeLife(life)).toBe(text);
  });
  it.each([
    ["variable has incomplete type 'struct sched_ext_ops'", "6.12", /no struct sched_ext_ops; of the kernels here 6\.16 and later have it/],
    ["field has incomplete type 'struct bpf_list_node'", "6.1", /no struct bpf_list_node; of the kernels here 6\.12 and later have it/],
    ["incomplete definition of type 'struct bpf_res_spin_lock'", "6.12", /6\.16 and later/],
    ["tentative definition has type 'struct bpf_list_head' that is never completed", "6.1", /struct bpf_list_head/],
    ["use of undeclared identifier 'BPF_MAP_TYPE_ARENA'; did you mean 'BPF_MAP_TYPE_ARRAY'?", "6.1", /BPF_MAP_TYPE_ARENA; of the kernels here 6\.12 and later/],
    ["unknown type name 'bpf_list_node'", "6.1", /struct bpf_list_node/],
  ])("%s on %s", (message, kernel, want) => {
    expect(missingTypeText(life, message, kernel)).toMatch(want);
  });
  it("says nothing where the kernel has the type, or no kernel has", () => {
    expect(missingTypeText(life, "variable has incomplete type 'struct sched_ext_ops'", "7.2")).toBeNull();
    expect(missingTypeText(life, "variable has incomplete type 'struct made_up'", "6.1")).toBeNull();
    expect(missingTypeText(life, "expected ';' after expression", "6.1")).toBeNull();
    expect(missingTypeText(life, "variable has incomplete type 'struct sched_ext_ops'", "no kernel")).toBeNull();
    expect(namesMissed("initializing 'int' with an expression of incompatible type 'struct x'")).toEqual([]);
  });
  it("names the option where the kernel is built without it", () => {
    expect(missingTypeText(life, "variable has incomplete type 'struct sched_ext_ops'", "6.12", ["CONFIG_SCHED_CLASS_EXT"])).toContain("6.12 is built without CONFIG_SCHED_CLASS_EXT");
  });
  it.each(["", "[]", "{\"schema\":2}", "{\"schema\":1,\"kernels\":[1],\"names\":{}}", "{\"schema\":1,\"kernels\":[],\"names\":null}"])("refuses %s", (bad) => {
    expect(loadTypeLife(bad).ok).toBe(false);
  });
});
