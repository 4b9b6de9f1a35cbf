/**
 * Sets of stack slots, one per instruction: four words each in one array. A member is half a slot, 4 bytes; number 0 is
 * the half nearest to the frame pointer, number i the bytes [-4(i+1), -4i) from it.
 */
export const HALF_SLOT = 4;
export const HALF_SLOTS = 128;
const WORDS = 4;
export const ALL_SLOTS: readonly number[] = [-1, -1, -1, -1];

export class SlotSets {
  readonly words: Int32Array;
  constructor(count: number) {
    this.words = new Int32Array(count * WORDS);
  }
  /** Adds lo to hi, both included, to set i. What lies beyond the stack is left out. */
  addRange(i: number, lo: number, hi: number): void {
    for (let b = lo; b <= hi && b < HALF_SLOTS; b++) this.words[i * WORDS + (b >> 5)]! |= 1 << (b & 31);
  }
  addAll(i: number): void {
    this.words.fill(-1, i * WORDS, (i + 1) * WORDS);
  }
  /** Adds set j of another array to set i. */
  addSet(i: number, from: SlotSets, j: number): void {
    for (let w = 0; w < WORDS; w++) this.words[i * WORDS + w]! |= from.words[j * WORDS + w]!;
  }
  has(i: number, b: number): boolean {
    return (this.words[i * WORDS + (b >> 5)]! & (1 << (b & 31))) !== 0;
  }
  isEmpty(i: number): boolean {
    for (let w = 0; w < WORDS; w++) if (this.words[i * WORDS + w] !== 0) return false;
    return true;
  }
  union(other: SlotSets): void {
    for (let w = 0; w < this.words.length; w++) this.words[w]! |= other.words[w]!;
  }
  intersect(other: SlotSets): void {
    for (let w = 0; w < this.words.length; w++) this.words[w]! &= other.words[w]!;
  }
  clear(): void {
    this.words.fill(0);
  }
}

/** What the instructions of a function do with the slots of one frame. */
export class FrameAccess {
  /** may be read by the instruction */
  readonly mayRead: SlotSets;
  /** written whole by the instruction whenever it runs */
  readonly mustWrite: SlotSets;
  /** may be read by the instruction or one that follows, before it is written */
  readonly liveBefore: SlotSets;
  constructor(insnCnt: number) {
    this.mayRead = new SlotSets(insnCnt);
    this.mustWrite = new SlotSets(insnCnt);
    this.liveBefore = new SlotSets(insnCnt);
  }
  /** Takes instruction i's successors into account; true when its liveBefore changed. */
  flow(i: number, successors: readonly number[]): boolean {
    const live = this.liveBefore.words, read = this.mayRead.words, write = this.mustWrite.words;
    let changed = false;
    for (let w = 0; w < WORDS; w++) {
      let after = 0;
      for (const s of successors) after |= live[s * WORDS + w]!;
      const at = i * WORDS + w;
      const before = (after & ~write[at]!) | read[at]!;
      if (before !== live[at]) {
        live[at] = before;
        changed = true;
      }
    }
    return changed;
  }
}
