import { err, type Result } from "../../base/result.ts";
import type { PacketContext } from "./packet-context.ts";

/** A context ready for a run. */
export interface Prepared {
  /** address r1 gets */
  ctx: bigint;
  packet: PacketContext | null;
  dataOut: () => Uint8Array | null;
  ctxOut: () => Uint8Array | null;
  dispose: () => void;
  /** called before each further repetition */
  again?: () => void;
  /** what BPF_PROG_TEST_RUN makes of the program's value; absent: the value itself */
  retval?: (value: bigint) => bigint;
  /** BPF_PROG_TEST_RUN takes no repeat for this type */
  once?: boolean;
}

export interface PrepareProblem { outcome: "refused" | "unsupported"; message: string }

/** BPF_PROG_TEST_RUN fails with that errno. */
export function refuse(errno: string, why: string): Result<never, PrepareProblem> {
  return err({ outcome: "refused", message: `${errno}: ${why}` });
}

export function notSimulated(why: string): Result<never, PrepareProblem> {
  return err({ outcome: "unsupported", message: why });
}

/** prog_flags (uapi linux/bpf.h) */
export const BPF_F_XDP_HAS_FRAGS = 1 << 5;
