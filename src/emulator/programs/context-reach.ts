import type { Insn } from "../../isa/types.ts";

const SIZES: Readonly<Record<number, number>> = { 0x00: 4, 0x08: 2, 0x10: 1, 0x18: 8 };

/**
 * First byte behind what a program's loads from its context reach (kernel max_ctx_offset, which the verifier finds). Follows the
 * context through register copies over all branches and into subprograms; what goes through memory is not seen.
 */
export function contextReach(insns: readonly Insn[]): number {
  const seen = new Int32Array(insns.length);
  const work: [number, number][] = [[0, 1 << 1]];
  let reach = 0;
  while (work.length > 0) {
    const [at, mask] = work.pop()!;
    const insn = insns[at];
    if (!insn || (seen[at]! & mask) === mask) continue;
    seen[at] = seen[at]! | mask;
    const kind = insn.code & 7;
    const has = (reg: number): boolean => (mask & (1 << reg)) !== 0;
    if (kind === 1 && has(insn.src)) reach = Math.max(reach, insn.off + SIZES[insn.code & 0x18]!);
    let next = mask;
    if (insn.code === 0xbf) next = has(insn.src) && insn.off === 0 ? mask | (1 << insn.dst) : mask & ~(1 << insn.dst);
    else if (kind === 0 || kind === 1 || kind === 4 || kind === 7) next = mask & ~(1 << insn.dst);
    if (kind === 5 || kind === 6) {
      const op = insn.code & 0xf0;
      if (op === 0x90) continue;
      if (op === 0x80) {
        next = mask & ~0x3f;
        if (insn.code === 0x85 && insn.src === 1) work.push([at + 1 + insn.imm, mask & 0x3e]);
      } else if (op === 0x00) {
        work.push([at + 1 + (kind === 6 ? insn.imm : insn.off), mask]);
        continue;
      } else work.push([at + 1 + insn.off, mask]);
    }
    work.push([at + (insn.code === 0x18 ? 2 : 1), next]);
  }
  return reach;
}
