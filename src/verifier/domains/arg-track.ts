/**
 * Where a value comes from, as far as stack liveness asks: from which frame's frame pointer, at which byte offsets
 * (kernel 7.1+ liveness.c, struct arg_track). Values are immutable; the common ones are shared.
 */
export interface ArgTrack {
  /** index of the frame, or one of the three below */
  readonly frame: number;
  /** up to four offsets from the frame pointer, ascending; none: the offset is not known */
  readonly offs: readonly number[];
  /** frame === IMPRECISE: bit set of the frames it may point into */
  readonly mask: number;
}
/** not a stack address */
const ARG_NONE = -1;
/** data flow has not come here */
const ARG_UNVISITED = -2;
/** a stack address, but of which frame is not known */
const ARG_IMPRECISE = -3;
const MAX_OFFSETS = 4;
const NO_OFFS: readonly number[] = [];

export const NONE: ArgTrack = { frame: ARG_NONE, offs: NO_OFFS, mask: 0 };
export const framePointer = (frame: number, off: number): ArgTrack => ({ frame, offs: [off], mask: 0 });
/** A place in that frame, which one is not known. */
export const somewhereIn = (frame: number): ArgTrack => ({ frame, offs: NO_OFFS, mask: 0 });
export const imprecise = (mask: number): ArgTrack => ({ frame: ARG_IMPRECISE, offs: NO_OFFS, mask });

export const isVisited = (a: ArgTrack): boolean => a.frame !== ARG_UNVISITED;
export const isImprecise = (a: ArgTrack): boolean => a.frame === ARG_IMPRECISE;
/** May the value be a stack address? */
export const isFp = (a: ArgTrack): boolean => a.frame >= 0 || a.frame === ARG_IMPRECISE;
export const mayPointInto = (a: ArgTrack, frame: number): boolean => a.frame === frame || (a.frame === ARG_IMPRECISE && (a.mask & (1 << frame)) !== 0);

export function sameTrack(a: ArgTrack, b: ArgTrack): boolean {
  if (a === b) return true;
  if (a.frame !== b.frame) return false;
  if (a.frame === ARG_IMPRECISE) return a.mask === b.mask;
  return a.frame < 0 || (a.offs.length === b.offs.length && a.offs.every((o, i) => o === b.offs[i]));
}
function mergeOffsets(frame: number, a: readonly number[], b: readonly number[]): ArgTrack {
  const all = [...new Set([...a, ...b])].sort((x, y) => x - y);
  return all.length > MAX_OFFSETS ? somewhereIn(frame) : { frame, offs: all, mask: 0 };
}
const framesOf = (a: ArgTrack): number => (a.frame >= 0 ? 1 << a.frame : a.frame === ARG_IMPRECISE ? a.mask : 0);
const joinFrames = (a: ArgTrack, b: ArgTrack): ArgTrack => imprecise(framesOf(a) | framesOf(b));

/** What is true of both (kernel __arg_track_join). */
export function joinTracks(a: ArgTrack, b: ArgTrack): ArgTrack {
  if (a === b || !isVisited(b)) return a;
  if (!isVisited(a)) return b;
  if (a.frame === b.frame && a.frame >= 0) return a.offs.length === 0 || b.offs.length === 0 ? somewhereIn(a.frame) : mergeOffsets(a.frame, a.offs, b.offs);
  if (a.frame === ARG_NONE && b.frame === ARG_NONE) return a;
  // a stack address on one way only: a second offset keeps its reads and forbids to take its writes for certain
  if (a.frame >= 0 && b.frame === ARG_NONE) return a.offs.length === 1 ? mergeOffsets(a.frame, a.offs, [0]) : a;
  if (b.frame >= 0 && a.frame === ARG_NONE) return b.offs.length === 1 ? mergeOffsets(b.frame, b.offs, [0]) : b;
  return joinFrames(a, b);
}
/** Two registers in a 64-bit operation that loses the offset. */
export function aluTracks(dst: ArgTrack, src: ArgTrack): ArgTrack {
  if (dst.frame >= 0 && (src.frame === ARG_NONE || src.frame === dst.frame)) return somewhereIn(dst.frame);
  if (src.frame >= 0 && dst.frame === ARG_NONE) return somewhereIn(src.frame);
  if (dst.frame === ARG_NONE && src.frame === ARG_NONE) return dst;
  return joinFrames(dst, src);
}
/** A sum of offsets, or undefined where it does not fit 16 bits. */
export function addOffset(off: number, delta: number): number | undefined {
  const sum = off + delta;
  return (delta << 16) >> 16 === delta && (sum << 16) >> 16 === sum ? sum : undefined;
}
/** The address moved by a constant. */
export function moveTrack(a: ArgTrack, delta: number): ArgTrack {
  if (a.offs.length === 0) return a;
  const offs: number[] = [];
  for (const o of a.offs) {
    const moved = addOffset(o, delta);
    if (moved === undefined) return somewhereIn(a.frame);
    offs.push(moved);
  }
  return { frame: a.frame, offs, mask: 0 };
}
