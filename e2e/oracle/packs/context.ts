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
/** Program types whose context is as long as the event: tried eight bytes at a time past their head. */
const longContexts: Readonly<Record<string, number>> = { tracepoint: 8192, syscall: 65536, raw_tracepoint: 256, raw_tracepoint_writable: 256 };

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

/** Adds a load for every access; the read register's type then shows in the log (at level 2 in older releases). */
export function contextAsks(requests: Requests, btf: BtfView, variants: readonly Variant[], logLevel: number): ContextAsk[] {
  const out: ContextAsk[] = [];
  for (const variant of variants) {
    if (btfContexts.has(variant.progType) || variant.key.endsWith(":sleepable")) continue;
    const { size: length } = contextStruct(btf, variant.progType);
    const ask = (off: number, size: number, write: boolean): void => {
      const access = write ? [movImm(2, 0), store(size, 1, 2, off)] : [load(size, 0, 1, off)];
      // The last instruction but one reads a register that was never written: the program is refused in any case, cheaply, after the access was judged.
      const insns = Buffer.concat([...access, movReg(9, 8), exit()]);
      const request = requests.load({ type: variant.type, attach: variant.attach, flags: variant.flags, insns, logLevel, logMax: 400 });
      out.push({ variant, off, size, write, request });
    };
    const end = variant.progType in longContexts ? 128 : length + 8;
    for (const size of [1, 2, 4, 8]) {
      for (let off = 0; off < end; off += size) {
        ask(off, size, false);
        ask(off, size, true);
      }
    }
    const far = longContexts[variant.progType];
    for (let off = 128; far !== undefined && off < Math.min(far + 16, 32760); off += far > 10000 ? 1024 : 8) {
      ask(off, 8, false);
      ask(off, 8, true);
    }
  }
  return out;
}
