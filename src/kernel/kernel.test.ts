import { describe, expect, it } from "vitest";
import type { BtfId } from "../base/brand.ts";
import { unwrap } from "../base/result.ts";
import { featureIsOn } from "./feature-set.ts";
import { makeKernel } from "./kernel.ts";
import { variantKeys } from "./variant.ts";
import { smallPack } from "./testing/small-pack.ts";

describe("kernel of a pack", () => {
  const kernel = unwrap(makeKernel(smallPack()));

  it("chooses a helper's proto by program type and attach type", () => {
    expect(kernel.helperProto(1, "sched_cls", null)).toMatchObject({ symbol: "bpf_map_lookup_elem_proto" });
    expect(kernel.helperProto(1, "tracing", null)).toBe("not-allowed");
    expect(kernel.helperProto(1, "tracing", "trace_iter")).toMatchObject({ pktAccess: true });
    expect(kernel.helperProto(2, "tracing", "trace_iter")).toMatchObject({ symbol: "bpf_two_tp_proto" });
    expect(kernel.helperProto(999, "tracing", null)).toBe("unknown");
  });

  it("lets the most exact key decide: attach type, sleepable, struct_ops member", () => {
    expect(variantKeys({ type: "lsm", attachType: "lsm_mac", sleepable: true })).toEqual(["lsm:lsm_mac:sleepable", "lsm:lsm_mac", "lsm:sleepable", "lsm"]);
    expect(variantKeys({ type: "struct_ops", attachType: null, sleepable: false, structOpsMember: { typeName: "sched_ext_ops", member: "enqueue" } })).toEqual([
      "struct_ops:sched_ext_ops/enqueue", "struct_ops:sched_ext_ops", "struct_ops",
    ]);
    const pack = smallPack();
    const [helper, ...others] = pack.manifest.helpers;
    const helpers = [{ ...helper!, allowed: { tracing: 0, "tracing:trace_iter": -1, "tracing:sleepable": -1 } }, ...others];
    const [kfunc] = pack.manifest.kfuncs;
    const exact = { ...kfunc!, exact: { "tracing:trace_iter": false, struct_ops: true } };
    const made = unwrap(makeKernel({ ...pack, manifest: { ...pack.manifest, helpers } }));
    const tracing = { type: "tracing", attachType: null, sleepable: false };
    expect(made.helperProtoFor(1, tracing)).toMatchObject({ pktAccess: true });
    expect(made.helperProtoFor(1, { ...tracing, sleepable: true })).toBe("not-allowed");
    expect(made.helperProtoFor(1, { ...tracing, attachType: "trace_iter" })).toBe("not-allowed");
    expect(made.kfuncAllowed(exact, tracing)).toBe(true);
    expect(made.kfuncAllowed(exact, { ...tracing, attachType: "trace_iter" })).toBe(false);
    expect(made.kfuncAllowed(exact, { ...tracing, type: "struct_ops" })).toBe(true);
    expect(made.kfuncAllowed(exact, { ...tracing, type: "xdp" })).toBe(false);
  });

  it("finds kfuncs, options and contexts", () => {
    expect(kernel.kfunc("bpf_old")?.btfId).toBe(7);
    expect(kernel.kfuncById(null, 8 as BtfId)?.name).toBe("bpf_new");
    expect(kernel.kfuncById("lab", 8 as BtfId)).toBeUndefined();
    expect(kernel.config("CONFIG_HZ")).toBe("250");
    expect(kernel.ctxAccess("sched_cls", "tcx_ingress")?.struct).toBe("__sk_buff");
    expect(kernel.ctxAccess("xdp", null)).toBeUndefined();
  });

  it("prefers vmlinux's kfunc to a module's of the same name", () => {
    const pack = smallPack();
    const inModule = { ...pack.manifest.kfuncs[0]!, module: "m", btfId: 100 as BtfId };
    const both = unwrap(makeKernel({ ...pack, manifest: { ...pack.manifest, kfuncs: [inModule, ...pack.manifest.kfuncs] } }));
    expect(both.kfunc("bpf_old")?.module).toBeNull();
    expect(both.kfuncById("m", 100 as BtfId)?.name).toBe("bpf_old");
  });
});

describe("named features", () => {
  it("follow the range of releases, unless a probe answers", () => {
    const range = { since: "6.4", until: "7.10", probe: "x", what: "" };
    expect(featureIsOn(range, "6.1", {})).toBe(false);
    expect(featureIsOn(range, "6.12", {})).toBe(true);
    expect(featureIsOn(range, "7.9", {})).toBe(true);
    expect(featureIsOn(range, "7.10", {})).toBe(false);
    expect(featureIsOn(range, "6.1", { x: true })).toBe(true);
    expect(featureIsOn(range, "6.12", { x: 0 })).toBe(false);
    const fixed = { since: "7.1", fixes: ["6.12.107"], what: "" };
    const version = (major: number, minor: number, patch: number) => ({ major, minor, patch });
    expect(featureIsOn(fixed, "6.12", {}, version(6, 12, 107))).toBe(true);
    expect(featureIsOn(fixed, "6.12", {}, version(6, 12, 106))).toBe(false);
    expect(featureIsOn(fixed, "6.18", {}, version(6, 18, 200))).toBe(false);
    expect(featureIsOn(fixed, "7.1", {}, version(7, 1, 0))).toBe(true);
  });
});
