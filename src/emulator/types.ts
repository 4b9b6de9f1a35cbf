import type { InsnIdx } from "../base/brand.ts";
import type { BoundProgram } from "../loader/types.ts";

/** Input of a run: BPF_PROG_TEST_RUN semantics. */
export interface RunRequest {
  /** packet or test data; program types that take none ignore it */
  dataIn?: Uint8Array;
  /** context struct as user space passes it (struct __sk_buff, xdp_md, raw tracepoint args as u64[], tracepoint record) */
  ctxIn?: Uint8Array;
  repeat?: number;
  /** which of the machine's programs runs; default the one it was made for */
  program?: string;
  /** instruction budget over all repeats; default 100,000,000 */
  insnBudget?: number;
  /** map contents set before the run, by map name */
  maps?: Readonly<Record<string, readonly MapEntryInput[]>>;
  /** seed of everything random or clocked, so that a run can be repeated: default 1 */
  seed?: number;
  /** called about every 100,000 instructions; true stops */
  onProgress?: (executed: number) => boolean;
}
export interface MapEntryInput { key: Uint8Array; value: Uint8Array; cpu?: number }
export interface MapDump {
  name: string;
  type: string;
  keySize: number;
  valueSize: number;
  entries: readonly { key: Uint8Array; value: Uint8Array; cpu?: number }[];
  truncated: boolean;
}
export interface RunResult {
  outcome: "exited" | "fault" | "budget" | "stopped" | "unsupported" | "refused";
  /** unsigned 32-bit, as test_run reports */
  retval: number;
  dataOut: Uint8Array | null;
  ctxOut: Uint8Array | null;
  maps: readonly MapDump[];
  /** trace_pipe lines */
  trace: readonly string[];
  insnsExecuted: number;
  nsPerRun: number;
  /** fault: what and where */
  message?: string;
  insn?: InsnIdx;
  /** XDP/tc: action's name, redirect target … */
  action?: string;
  events?: readonly { map: string; data: Uint8Array }[];
}

/** The world a machine simulates; everything has a default. */
export interface MachineOptions {
  /** programs that tail calls can reach, bound for the same kernel; maps of the same name are shared */
  programs?: readonly BoundProgram[];
  /** default 2 */
  cpus?: number;
  /** whether a reader in user space empties ring buffers after each run; default true */
  readers?: boolean;
  /** default lo (1), eth0 (2), eth1 (3) */
  devices?: readonly { ifindex: number; name: string; mac: Uint8Array; mtu: number }[];
  /** what bpf_fib_lookup finds; default nothing */
  routes?: readonly { prefix: Uint8Array; length: number; ifindex: number; smac: Uint8Array; dmac: Uint8Array; gateway?: Uint8Array; mtu?: number }[];
  /** the current task; default pid 1000, "playground", root */
  task?: { pid: number; tgid: number; uid: number; gid: number; comm: string };
}

/** One recorded instruction of a traced run: registers r0…r10 before it. */
export interface TraceStep { program: string; insn: InsnIdx; frame: number; regs: BigUint64Array }

export type MapChange = { ok: true } | { ok: false; errno: string; message: string };

/** A simulated machine: maps keep their contents from run to run, and can be looked at and changed in between. */
export interface Machine {
  run(request: RunRequest): RunResult;
  /** a run whose steps are recorded, for stepping forth and back; it changes maps as a run does */
  trace(request: RunRequest, maxSteps?: number): { result: RunResult; steps: readonly TraceStep[] };
  dumpMaps(limit?: number): MapDump[];
  /** as user space: bpf_map_update_elem by the syscall */
  updateMap(name: string, entry: MapEntryInput, flags?: bigint): MapChange;
  deleteFromMap(name: string, key: Uint8Array): MapChange;
}
