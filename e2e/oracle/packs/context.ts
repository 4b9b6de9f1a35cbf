/**
 * What every kind of program may read and write in its context: each offset and size is tried.
 */
import { exit, load, movImm, movReg, store } from "./insns.ts";
import { structOf, type BtfView } from "./layout.ts";
import { BtfKind } from "../../../src/btf/types.ts";
import type { Requests } from "./requests.ts";
import type { Variant } from "./variants.ts";

/** One access that was tried. */
export interface ContextAsk {
  readonly variant: Variant;
  readonly off: number;
  readonly size: number;
  readonly write: boolean;
  readonly request: number;
}

/** Program types whose context is an array of a BTF function's arguments: the verifier derives it, no table holds it. */
const btfContexts = new Set(["tracing", "lsm", "struct_ops", "ext"]);
/** Program types whose context is longer than any struct: tried byte by byte to `near`, then at samples up to `far`. */
export const longContexts: Readonly<Record<string, { near: number; far: number }>> = {
  tracepoint: { near: 64, far: 8192 + 64 }, syscall: { near: 64, far: 32640 },
  raw_tracepoint: { near: 128, far: 0 }, raw_tracepoint_writable: { near: 128, far: 0 },
};
/** Where samples of a long context stand: just below each multiple of this. */
export const sampleStep = 64;

/** Name and size of the struct a program type's context is, from the kernel's own `struct bpf_ctx_convert`. */
export function contextStruct(btf: BtfView, progType: string): { name: string | null; size: number } {
  const convert = structOf(btf, "bpf_ctx_convert");
  const member = convert?.members.find((entry) => entry.name === `BPF_PROG_TYPE_${progType.toUpperCase()}_prog`);
  let type = member && btf.type(member.type);
  const name = type?.name ?? "";
  while (type?.kind === BtfKind.TYPEDEF || type?.kind === BtfKind.CONST) type = btf.type(type.type);
  if (type?.kind === BtfKind.STRUCT) return { name: type.name || name, size: type.size };
  return { name: null, size: 8 };
}

/**
 * Every access that is tried in the context of a program type, in the order in which they are tried.
 * `length` is the context's size in bytes (contextStruct); eight bytes beyond it are tried too.
 */
export function contextAccesses(progType: string, length: number): { off: number; size: number; write: boolean }[] {
  const out: { off: number; size: number; write: boolean }[] = [];
  const both = (off: number, size: number): void => void out.push({ off, size, write: false }, { off, size, write: true });
  const long = longContexts[progType];
  const end = long?.near ?? length + 8;
  for (const size of [1, 2, 4, 8]) for (let off = 0; off < end; off += size) both(off, size);
  for (let off = end + sampleStep; off <= (long?.far ?? 0); off += sampleStep) {
    for (const size of off <= 4 * sampleStep ? [1, 2, 4, 8] : [8]) both(off - size, size);
  }
  return out;
}

/** Adds a load for every access; the read register's type then shows in the log (at level 2 in older releases). */
export function contextAsks(requests: Requests, btf: BtfView, variants: readonly Variant[], logLevel: number): ContextAsk[] {
  const out: ContextAsk[] = [];
  for (const variant of variants) {
    if (btfContexts.has(variant.progType) || variant.key.endsWith(":sleepable")) continue;
    const { size: length } = contextStruct(btf, variant.progType);
    for (const { off, size, write } of contextAccesses(variant.progType, length)) {
      const access = write ? [movImm(2, 0), store(size, 1, 2, off)] : [load(size, 0, 1, off)];
      // The last instruction but one reads a register that was never written: the program is refused in any case, cheaply, after the access was judged.
      const insns = Buffer.concat([...access, movReg(9, 8), exit()]);
      const request = requests.load({ type: variant.type, attach: variant.attach, flags: variant.flags, insns, logLevel, logMax: 400 });
      out.push({ variant, off, size, write, request });
    }
  }
  return out;
}
