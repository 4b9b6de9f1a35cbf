import { describe, expect, it } from "vitest";
import type { CallStatus } from "../workers/kernel-api.ts";
import { callRows } from "./call-rows.ts";

const call = (name: string, status: CallStatus["status"], id: number | null = null): CallStatus => ({ name, kind: id === null ? "kfunc" : "helper", id, weak: false, programs: ["p"], status, detail: null });
const KERNELS = ["6.1", "6.12", "7.0", "7.2"];

function rows(statuses: readonly CallStatus["status"][]): string | null {
  return callRows(new Map(statuses.map((status, i) => [KERNELS[i]!, [call("f", status)]])), KERNELS)[0]!.summary;
}

describe("calls × kernels", () => {
  it("puts helpers before kfuncs, and keeps what a kernel did not list empty", () => {
    const got = callRows(new Map([["6.1", [call("z", "missing"), call("bpf_b", "available", 9)]], ["7.2", [call("a", "available"), call("bpf_a", "available", 2)]]]), KERNELS);
    expect(got.map((r) => r.name)).toEqual(["bpf_a", "bpf_b", "a", "z"]);
    expect(got[0]!.cells.has("6.1")).toBe(false);
    expect(got[0]!.summary).toBeNull();
  });
  it("says in words where it can be called", () => {
    expect(rows(["available", "available", "deprecated", "available"])).toBe("all");
    expect(rows(["missing", "missing", "not known", "available"])).toBe("7.2 or newer; not known for 7.0");
    expect(rows(["available", "available", "missing", "missing"])).toBe("up to 6.12");
    expect(rows(["available", "missing", "available", "missing"])).toBe("6.1, 7.0 only");
    expect(rows(["missing", "available", "missing", "missing"])).toBe("6.12 only");
    expect(rows(["not allowed", "missing", "missing", "missing"])).toBe("none of them");
  });
});
