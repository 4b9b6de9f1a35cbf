/**
 * Probes of single abilities: map types, instructions, limits, kinds of BTF.
 */
import { callHelper, exit, insn, mapFd, movImm, movReg, store } from "./insns.ts";
import { structOf, type BtfView } from "./layout.ts";
import { rawBtf, rawInt, type RawType } from "./raw-btf.ts";
import type { Answer, Requests } from "./requests.ts";
import { kernelEnums } from "./variants.ts";

/** What an answer means for the pack. */
type Judge = (answer: Answer) => boolean | number | undefined;

/** A request and what it decides. */
export interface FeatureAsk {
  readonly name: string;
  readonly request: number;
  readonly judge: Judge;
  /** a map type's number: one request that is not refused as unknown makes it supported */
  readonly mapType?: number;
}

/** Slots of the agent used here (the first ten belong to probe.ts). */
const slotOf = { btf: 3, inner: 4, scratch: 5, progArray: 6 } as const;
const BPF_PROG_TYPE_SOCKET_FILTER = 1;
const BPF_PROG_TYPE_SCHED_CLS = 3;
const EINVAL = -22;
const E2BIG = -7;

const accepted: Judge = (answer) => answer.result === 0;

/** Programs that are accepted where the kernel has the ability; all are of type sched_cls. */
function programs(): Readonly<Record<string, readonly Buffer[]>> {
  const slot = [movImm(0, 1), store(8, 10, 0, -8)];
  const end = [movImm(0, 0), exit()];
  const atomic = (imm: number, dst: number, src: number) => insn(0xdb, dst, src, -8, imm);
  return {
    insn_jmp32: [movImm(0, 0), insn(0x16, 0, 0, 0, 0), exit()],
    insn_atomic_add: [...slot, atomic(0x00, 10, 0), ...end],
    insn_atomic_fetch_add: [...slot, atomic(0x01, 10, 0), ...end],
    insn_atomic_fetch_and: [...slot, atomic(0x51, 10, 0), ...end],
    insn_atomic_xchg: [...slot, atomic(0xe1, 10, 0), ...end],
    insn_atomic_cmpxchg: [...slot, movImm(1, 2), atomic(0xf1, 10, 1), ...end],
    insn_load_acquire: [...slot, atomic(0x100, 1, 10), ...end],
    insn_store_release: [...slot, atomic(0x110, 10, 0), ...end],
    insn_movsx: [movImm(0, 1), insn(0xbf, 0, 0, 8), ...end],
    insn_movsx32: [movImm(0, 1), insn(0xbc, 0, 0, 8), ...end],
    insn_memsx: [...slot, insn(0x91, 0, 10, -8), ...end],
    insn_bswap: [movImm(0, 1), insn(0xd7, 0, 0, 0, 16), ...end],
    insn_sdiv: [movImm(0, 4), insn(0x37, 0, 0, 1, 2), ...end],
    insn_smod: [movImm(0, 4), insn(0x97, 0, 0, 1, 2), ...end],
    insn_gotol_zero: [movImm(0, 0), insn(0x06, 0, 0, 0, 0), exit()],
    insn_may_goto_zero: [movImm(0, 0), insn(0xe5, 0, 0, 0, 0), exit()],
    insn_callx: [movImm(0, 0), insn(0x18, 2, 4, 0, 3), insn(0), insn(0x8d, 0, 0, 0, 2), exit(), ...end],
    bpf_to_bpf_call: [insn(0x85, 0, 1, 0, 1), exit(), ...end],
    bounded_loop: [movImm(0, 3), insn(0x17, 0, 0, 0, 1), insn(0x55, 0, 0, -2, 0), exit()],

  };
}

/** Nested calls: main and `depth - 1` functions, each calling the next. */
function nested(depth: number): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; i < depth - 1; i++) parts.push(insn(0x85, 0, 1, 0, 1), exit());
  parts.push(movImm(0, 0), exit());
  return Buffer.concat(parts);
}

/** BTF that is taken where the kernel knows its kind. */
function btfBlobs(): Readonly<Record<string, readonly RawType[]>> {
  const proto: RawType = { kind: 13, word: 0, vlen: 1, extra: ["a", 1] };
  return {
    btf_load: [rawInt],
    btf_func_global: [rawInt, proto, { kind: 12, name: "f", vlen: 1, word: 2 }],
    btf_datasec: [rawInt, { kind: 14, name: "x", word: 1, extra: [1] }, { kind: 15, name: ".data", vlen: 1, word: 4, extra: [2, 0, 4] }],
    btf_qmark_datasec: [rawInt, { kind: 14, name: "x", word: 1, extra: [1] }, { kind: 15, name: "?.data", vlen: 1, word: 4, extra: [2, 0, 4] }],
    btf_float: [{ kind: 16, name: "float", word: 4 }],
    btf_decl_tag: [rawInt, { kind: 14, name: "x", word: 1, extra: [1] }, { kind: 17, name: "tag", word: 2, extra: [-1] }],
    btf_type_tag: [rawInt, { kind: 18, name: "tag", word: 1 }, { kind: 2, word: 2 }],
    btf_enum64: [{ kind: 19, name: "e", word: 8, vlen: 1, extra: ["A", 1, 0] }],
    btf_enum_signed: [{ kind: 6, name: "e", word: 4, vlen: 1, kindFlag: true, extra: ["A", -1] }],
  };
}

/** Ways to create a map; each type takes at least one of them (key size, value size, entries, flags). */
const mapShapes: readonly { readonly key: number; readonly value: number; readonly entries: number; readonly flags?: number; readonly inner?: boolean; readonly btf?: boolean; readonly extra?: bigint }[] = [
  { key: 4, value: 4, entries: 1 }, { key: 4, value: 8, entries: 1 }, { key: 4, value: 16, entries: 1 }, { key: 0, value: 8, entries: 1 },
  { key: 0, value: 0, entries: 4096 }, { key: 8, value: 8, entries: 1, flags: 1 }, { key: 4, value: 4, entries: 1, inner: true },
  { key: 12, value: 8, entries: 0 }, { key: 16, value: 8, entries: 0 }, { key: 4, value: 4, entries: 0, flags: 1, btf: true }, { key: 0, value: 0, entries: 1, flags: 1 << 10 },
];

/** Depths of calls that are tried, main program included. */
const callDepths = [8, 9, 16, 17, 32, 33];

/** Adds all requests. */
export function askFeatures(requests: Requests, btf: BtfView): FeatureAsk[] {
  const asks: FeatureAsk[] = [];
  const program = (name: string, insns: Buffer, judge: Judge = accepted, more: object = {}): void => {
    asks.push({ name, judge, request: requests.load({ type: BPF_PROG_TYPE_SCHED_CLS, insns, logMax: 600, ...more }) });
  };
  for (const [name, insns] of Object.entries(programs())) program(name, Buffer.concat([...insns]));
  const notUnknown = (pattern: RegExp): Judge => (answer) => pattern.test(answer.log);
  program("insn_gotox", Buffer.concat([movImm(0, 0), insn(0x0d), exit()]), notUnknown(/expected PTR_TO_INSN|jump table|insn_array|insn array/i));
  program("insn_addr_space_cast", Buffer.concat([movImm(1, 0), insn(0xbf, 1, 1, 1, 1), movImm(0, 0), exit()]), notUnknown(/arena/));
  program("processed_insns_limit", Buffer.concat([movImm(0, 0), exit()]), (answer) => Number(/\(limit (\d+)\)/.exec(answer.log)?.[1] ?? 0) || undefined);
  program("stack_512", Buffer.concat([movImm(0, 0), store(8, 10, 0, -512), exit()]));
  program("stack_520", Buffer.concat([movImm(0, 0), store(8, 10, 0, -520), exit()]));
  for (const depth of callDepths) program(`call_frames_${depth}`, nested(depth));
  program("insns_over_1000000", Buffer.alloc(8 * 1_000_001), (answer) => answer.result !== E2BIG, { type: BPF_PROG_TYPE_SOCKET_FILTER });
  for (const level of [3, 4, 8, 16]) program(`log_level_${level}`, Buffer.concat([movImm(0, 0), exit()]), accepted, { logLevel: level });
  const flags: Readonly<Record<string, number>> = { flag_test_state_freq: 8, flag_xdp_has_frags: 32, flag_test_reg_invariants: 128 };
  for (const [name, value] of Object.entries(flags)) program(name, Buffer.concat([movImm(0, 0), exit()]), accepted, { type: name.includes("xdp") ? 6 : BPF_PROG_TYPE_SCHED_CLS, flags: value });

  for (const [name, types] of Object.entries(btfBlobs())) asks.push({ name, judge: accepted, request: requests.loadBtf(rawBtf(types), name === "btf_load" ? slotOf.btf : slotOf.scratch) });
  requests.createMap({ type: 2, key: 4, value: 4, entries: 1, slot: slotOf.inner });
  requests.createMap({ type: 3, key: 4, value: 4, entries: 1, slot: slotOf.progArray });
  // A tail call in a program that also calls functions (5.10 on, x86-64).
  const tail = [movReg(6, 1), insn(0x85, 0, 1, 0, 7), movReg(1, 6), mapFd(2), movImm(3, 0), callHelper(12), movImm(0, 0), exit(), movImm(0, 0), exit()];
  program("tail_call_with_subprogs", Buffer.concat(tail), accepted, { insnFds: [[3, slotOf.progArray]] });

  for (const { id, name } of kernelEnums(btf).mapTypes) {
    for (const shape of mapShapes) {
      const request = requests.createMap({ type: id, key: shape.key, value: shape.value, entries: shape.entries, flags: shape.flags, ...(shape.inner ? { inner: slotOf.inner } : {}), ...(shape.btf ? { btf: [slotOf.btf, 1, 1] as const } : {}) });
      asks.push({ name, request, judge: accepted, mapType: id });
    }
    const value = name === "struct_ops" ? btf.named("bpf_struct_ops_tcp_congestion_ops").find((at) => btf.type(at)?.kind === 4) : undefined;
    if (value !== undefined) {
      const size = structOf(btf, "bpf_struct_ops_tcp_congestion_ops")?.size ?? 0;
      asks.push({ name, judge: accepted, mapType: id, request: requests.createMap({ type: id, key: 4, value: size, entries: 1, btf: [slotOf.btf, 0, 0], structOpsType: value }) });
    }
  }
  return asks;
}

/** Takes the answers apart. A map type is there when a shape is taken or refused for another reason than its parameters. */
export function judgeFeatures(asks: readonly FeatureAsk[], answers: readonly Answer[]): { features: Record<string, boolean | number | string>; mapTypes: Set<number> } {
  const features: Record<string, boolean | number | string> = {};
  const mapTypes = new Set<number>();
  for (const ask of asks) {
    const answer = answers[ask.request];
    if (!answer) continue;
    if (ask.mapType !== undefined) {
      if (answer.result === 0 || (answer.result !== EINVAL && answer.result !== E2BIG)) mapTypes.add(ask.mapType);
      continue;
    }
    const value = ask.judge(answer);
    if (value !== undefined) features[ask.name] = value;
  }
  return { features, mapTypes };
}

/** Limits as the probes found them. Throws where a kernel does not behave as all simulated ones do: the types would have to learn of it. */
export function limitsOf(features: Readonly<Record<string, boolean | number | string>>): { insns: number; complexity: number; stack: number; callFrames: number; logLevels: number } {
  const expect = (name: string, value: boolean): void => {
    if (features[name] !== value) throw new Error(`probe ${name} says ${String(features[name])}`);
  };
  expect("stack_512", true);
  expect("stack_520", false);
  const deepest = callDepths.filter((depth) => features[`call_frames_${depth}`] === true).at(-1) ?? 0;
  // Depths come in pairs, one that a limit would allow and one above it.
  expect(`call_frames_${deepest + 1}`, false);
  expect("insns_over_1000000", false);
  return { insns: 1_000_000, complexity: Number(features["processed_insns_limit"]), stack: 512, callFrames: deepest, logLevels: 2 };
}
