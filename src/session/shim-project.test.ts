import { describe, expect, it } from "vitest";
import { applyShim, includesShim, kernelRange } from "./shim-project.ts";

const plan = { header: "#pragma once\n", file: "kernel_shim.h", includeAfter: 1 };

describe("a shim in a project", () => {
  it("is a file and a line, once", () => {
    const once = applyShim({ "main.bpf.c": '#include "vmlinux.h"\nint x;\n', "a.h": "" }, "main.bpf.c", plan);
    expect(once).toEqual({ "main.bpf.c": '#include "vmlinux.h"\n#include "kernel_shim.h"\nint x;\n', "a.h": "", "kernel_shim.h": "#pragma once\n" });
    expect(applyShim(once, "main.bpf.c", { ...plan, header: "new" })).toEqual({ ...once, "kernel_shim.h": "new" });
  });
  it("lies beside a main file in a folder, and changes nothing when nothing is wrapped", () => {
    expect(Object.keys(applyShim({ "src/m.bpf.c": "" }, "src/m.bpf.c", plan))).toContain("src/kernel_shim.h");
    const files = { "m.bpf.c": "" };
    expect(applyShim(files, "m.bpf.c", { ...plan, header: "" })).toBe(files);
  });
  it("is seen in a text", () => {
    expect(includesShim('int x;\n#include "kernel_shim.h"\n')).toBe(true);
    expect(includesShim('#include "vmlinux.h"\n// #include "kernel_shim.h"\n')).toBe(false);
  });
  it("ranges", () => {
    const all = ["5.10", "6.1", "6.12"];
    expect(kernelRange("6.1..6.12", all)).toEqual(["6.1", "6.12"]);
    for (const bad of ["6.1", "6.12..6.1", "6.1..9.9", "6.1..6.12..7", "..", ""]) expect(kernelRange(bad, all), bad).toBeUndefined();
  });
});
