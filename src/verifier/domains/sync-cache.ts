/**
 * Remembers what `sync` made of a triple (known bits, 64-bit range, 32-bit range). Loops and paths ask the same questions
 * again and again, and comparing nine numbers costs a tenth of deducing them. By value, so the answer cannot differ.
 */
import type { ScalarState } from "./bounds.ts";
import { type Range32, type Range64, r32Equal, r64Equal } from "./range.ts";
import { type Tnum, tnumEqual } from "./tnum.ts";

interface Answer {
  inBits: Tnum;
  in64: Range64;
  in32: Range32;
  bits: Tnum;
  r64: Range64;
  r32: Range32;
}

const SLOTS = 1024;

/** @param sync a function of the three values alone */
export function cachedSync(sync: (s: ScalarState) => void): (s: ScalarState) => void {
  const slots: (Answer | undefined)[] = [];
  return (s) => {
    const { varOff, r64, r32 } = s;
    // A cheap mix; the 32-bit bounds are plain numbers, and differ wherever low halves do.
    const low = Number(BigInt.asUintN(32, varOff.mask)) ^ Math.imul(Number(BigInt.asUintN(32, r64.umax)), 0x9e3779b1) ^ Number(BigInt.asUintN(32, varOff.value));
    const mixed = Math.imul(low ^ Math.imul(r32.umin, 0x85ebca6b) ^ Math.imul(r32.umax, 0xc2b2ae35), 0x27d4eb2f);
    const slot = (mixed >>> 16) & (SLOTS - 1);
    const kept = slots[slot];
    if (kept !== undefined && r32Equal(kept.in32, r32) && tnumEqual(kept.inBits, varOff) && r64Equal(kept.in64, r64)) {
      s.varOff = kept.bits;
      s.r64 = kept.r64;
      s.r32 = kept.r32;
      return;
    }
    sync(s);
    slots[slot] = { inBits: varOff, in64: r64, in32: r32, bits: s.varOff, r64: s.r64, r32: s.r32 };
  };
}
