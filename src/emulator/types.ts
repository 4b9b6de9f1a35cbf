import type { InsnIdx } from "../base/brand.ts";

/** Input of a run: BPF_PROG_TEST_RUN semantics. */
export interface RunRequest {
  /** packet or test data; program types that take none ignore it */
  dataIn?: Uint8Array;
  /** context struct as user space passes it (struct __sk_buff, xdp_md, raw tracepoint args as u64[], tracepoint record) */
  ctxIn?: Uint8Array;
  repeat?: number;
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
