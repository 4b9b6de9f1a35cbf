import { describe, expect, it } from "vitest";
import { nearestNames } from "./nearest.ts";
import { compareSeries, parseIndex, parseRelease, selectKernels } from "./releases.ts";
import type { KernelIndex } from "./types.ts";

const entry = (kernel: string) => ({ kernel, release: `${kernel}.1-amd64`, file: `${kernel}.pack`, bytes: 1, sha256: "", helpers: 1, kfuncs: 1, btf: true });
const index: KernelIndex = { schema: 1, kernels: ["5.10", "6.1", "6.12", "7.2"].map(entry) };

describe("releases", () => {
  it("are read from all the ways they are written", () => {
    expect(parseRelease("7.2")).toEqual({ major: 7, minor: 2, patch: 0 });
    expect(parseRelease("6.12.107+deb13-amd64")).toEqual({ major: 6, minor: 12, patch: 107 });
    expect(parseRelease("5.10.0-32-amd64")).toEqual({ major: 5, minor: 10, patch: 0 });
    for (const bad of ["", "7", "v7.2", "7.2.", "99999.1", "7.2.1.1"]) expect(parseRelease(bad), bad).toBeUndefined();
  });
  it("are ordered by number, not by text", () => {
    expect(["6.12", "7.0", "5.10", "6.1"].sort(compareSeries)).toEqual(["5.10", "6.1", "6.12", "7.0"]);
  });
  it("are selected by list, release string or all; unknown ones are named with the choice", () => {
    expect(selectKernels("all", index)).toEqual({ ok: true, value: ["5.10", "6.1", "6.12", "7.2"] });
    expect(selectKernels("7.2, 6.1,7.2", index)).toEqual({ ok: true, value: ["7.2", "6.1"] });
    expect(selectKernels("6.12.1-amd64", index)).toEqual({ ok: true, value: ["6.12"] });
    expect(selectKernels("6.13", index)).toMatchObject({ ok: false, error: expect.stringContaining("there are: 5.10, 6.1, 6.12, 7.2") });
    expect(selectKernels("7.2,", index).ok).toBe(false);
  });
  it("index: damaged ones are refused with a reason, order is put right", () => {
    expect(parseIndex("{").ok).toBe(false);
    expect(parseIndex('{"schema":2,"kernels":[]}').ok).toBe(false);
    expect(parseIndex(JSON.stringify({ schema: 1, kernels: [{ ...entry("7.2"), file: "../x" }] })).ok).toBe(false);
    expect(parseIndex(JSON.stringify({ schema: 1, kernels: [null] })).ok).toBe(false);
    const parsed = parseIndex(JSON.stringify({ schema: 1, kernels: [entry("7.2"), entry("6.12")] }));
    expect(parsed.ok && parsed.value.kernels.map((k) => k.kernel)).toEqual(["6.12", "7.2"]);
  });
});

describe("nearest names", () => {
  it("come by edit distance, then by containment", () => {
    expect(nearestNames("bpf_map_lokup_elem", ["bpf_map_update_elem", "bpf_map_lookup_elem", "bpf_map_lookup_percpu_elem"], 1)).toEqual(["bpf_map_lookup_elem"]);
    expect(nearestNames("dsq_insert", ["scx_bpf_dsq_insert", "x"], 3)).toEqual(["scx_bpf_dsq_insert"]);
    expect(nearestNames("zzzzzzzzzzzz", ["bpf_loop"], 3)).toEqual([]);
  });
});
