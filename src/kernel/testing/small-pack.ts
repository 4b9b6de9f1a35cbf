import type { BtfId } from "../../base/brand.ts";
import { BtfKind } from "../../btf/types.ts";
import type { Btf, BtfType } from "../../btf/types.ts";
import type { KernelPack, KfuncEntry } from "../types.ts";

/** A handful of types for tests that need no real kernel: ids 1…, see the list. */
export function smallBtf(extra: readonly BtfType[] = []): Btf {
  const types: BtfType[] = [
    { kind: BtfKind.VOID, id: 0 as BtfId, name: "" },
    { kind: BtfKind.INT, id: 1 as BtfId, name: "int", size: 4, bits: 32, bitOffset: 0, signed: true, char: false, bool: false },
    { kind: BtfKind.INT, id: 2 as BtfId, name: "long long unsigned int", size: 8, bits: 64, bitOffset: 0, signed: false, char: false, bool: false },
    { kind: BtfKind.TYPEDEF, id: 3 as BtfId, name: "u64", type: 2 as BtfId },
    { kind: BtfKind.STRUCT, id: 4 as BtfId, name: "task_struct", size: 8, members: [], kindFlag: false },
    { kind: BtfKind.PTR, id: 5 as BtfId, name: "", type: 4 as BtfId },
    { kind: BtfKind.FUNC_PROTO, id: 6 as BtfId, name: "", ret: 1 as BtfId, params: [{ name: "p", type: 5 as BtfId }], variadic: false },
    { kind: BtfKind.FUNC, id: 7 as BtfId, name: "bpf_old", type: 6 as BtfId, linkage: 1 },
    { kind: BtfKind.FUNC, id: 8 as BtfId, name: "bpf_new", type: 6 as BtfId, linkage: 1 },
    ...extra,
  ];
  const named = (name: string): BtfId[] => types.filter((t) => name !== "" && t.name === name).map((t) => t.id);
  return {
    base: null, name: "vmlinux", count: types.length, startId: 0,
    type: (id) => types[id],
    find: (kind, name) => types.find((t) => t.kind === kind && t.name === name)?.id,
    named,
    resolve: (id) => {
      let type = types[id];
      while (type && (type.kind === BtfKind.TYPEDEF || type.kind === BtfKind.CONST)) type = types[type.type];
      return type;
    },
    sizeOf: () => undefined,
    declTags: () => [],
  };
}

function kfunc(name: string, btfId: number): KfuncEntry {
  return { name, module: null, btfId: btfId as BtfId, flags: ["KF_RCU"], progTypes: ["tracing"], sets: [] };
}

/** A made-up pack "7.2" over smallBtf(): helpers 1 and 2, kfuncs bpf_old and bpf_new. */
export function smallPack(kernel = "7.2"): KernelPack {
  const [major, minor] = kernel.split(".").map(Number);
  const proto = { symbol: "bpf_map_lookup_elem_proto", ret: { base: "RET_PTR_TO_MAP_VALUE", flags: ["PTR_MAYBE_NULL"] }, args: [], gplOnly: false, pktAccess: true, mightSleep: false };
  return {
    manifest: {
      schema: 1, kernel, release: `${kernel}.12-test`, version: { major: major!, minor: minor!, patch: 12 }, packages: [],
      progTypes: [{ id: 3, name: "sched_cls", supported: true }, { id: 26, name: "tracing", supported: true }],
      mapTypes: [], attachTypes: [],
      helpers: [
        { id: 1, name: "bpf_map_lookup_elem", protos: [proto], allowed: { sched_cls: 0, "tracing:trace_iter": 0 } },
        { id: 2, name: "bpf_two", protos: [proto, { ...proto, symbol: "bpf_two_tp_proto" }], allowed: { sched_cls: 0, tracing: 1 } },
      ],
      kfuncs: [kfunc("bpf_old", 7), kfunc("bpf_new", 8)],
      dtors: [], ctx: [{ progType: "sched_cls", attachType: null, struct: "__sk_buff", fields: [] }],
      limits: { insns: 1_000_000, complexity: 1_000_000, stack: 512, callFrames: 8, logLevels: 2 },
      probes: {}, modules: [],
    },
    btf: smallBtf(), modules: new Map(), config: new Map([["CONFIG_DEBUG_INFO_BTF", "y"], ["CONFIG_HZ", "250"]]),
  };
}
