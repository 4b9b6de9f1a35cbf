import { badAccess, Fault } from "../fault.ts";
import { Memory, ORIGIN, REGION_HI, type Region } from "../memory/memory.ts";
import { execute } from "./execute.ts";
import type { Decoded } from "./predecode.ts";

/** A program ready to run: its decoded form and what its call sites do. */
export interface Image {
  readonly name: string;
  readonly index: number;
  readonly decoded: Decoded;
  /** by word 2 of CALL and CALL_KFUNC: sets r0 */
  readonly calls: readonly ((cpu: Cpu) => void)[];
  /** region whose address plus 8 × slot stands for the slot (callbacks, function pointers) */
  readonly text: Region;
  /** true: a function of the kernel itself, none of the program's */
  readonly kernel?: boolean;
}

export const STACK_BYTES = 512;
/** kernel MAX_TAIL_CALL_CNT */
export const MAX_TAIL_CALLS = 33;
const FRAME_WORDS = 14;

/** Asked at every checkpoint; returns the instruction count of the next one, or throws a Fault (budget, stopped). */
export type Checkpoint = (cpu: Cpu) => number;

/**
 * The state of one run. The register file is a BigUint64Array; the hot paths use its 32-bit halves, which are fast in every
 * engine, where 64-bit BigInt arithmetic is compiled to machine arithmetic in only one.
 */
export class Cpu {
  readonly R = new BigUint64Array(12);
  readonly r = new Int32Array(this.R.buffer);
  readonly mem: Memory;
  image: Image;
  /** slot being executed, kept up to date before anything that may throw or call out */
  pc = 0;
  /** instructions executed; same */
  n = 0;
  /** count at which the checkpoint is asked */
  limit: number;
  depth = 0;
  tailCalls = 0;
  readonly maxFrames: number;
  readonly frames: Int32Array;
  readonly frameImages: Image[] = [];
  /** remaining may_goto iterations by frame */
  readonly mayGoto: Int32Array;
  readonly stack: Region[] = [];
  readonly checkpoint: Checkpoint;
  /** performs a tail call: the image to go on in, or null when it fails */
  tailCall: (cpu: Cpu) => Image | null = () => null;
  /** image of a function address */
  imageAt: (address: bigint) => Image | null;

  constructor(mem: Memory, image: Image, maxFrames: number, checkpoint: Checkpoint) {
    this.mem = mem;
    this.image = image;
    this.maxFrames = maxFrames;
    this.frames = new Int32Array(FRAME_WORDS * (maxFrames * (MAX_TAIL_CALLS + 1) + 1));
    this.mayGoto = new Int32Array(maxFrames * (MAX_TAIL_CALLS + 1) + 1);
    this.checkpoint = checkpoint;
    this.limit = 0;
    this.imageAt = (address) => {
      const object = mem.regionAt(address)?.object;
      return isImage(object) ? object : null;
    };
    this.setFrame();
  }

  /** Frees what the run took. */
  dispose(): void {
    for (const region of this.stack) this.mem.release(region);
  }

  private setFrame(): void {
    let region = this.stack[this.depth];
    if (!region) {
      region = this.mem.create(`stack frame ${this.depth}`, STACK_BYTES);
      this.stack.push(region);
    }
    this.r[20] = ORIGIN + STACK_BYTES;
    this.r[21] = (REGION_HI + region.id) | 0;
    this.mayGoto[this.depth] = MAY_GOTO_LOOPS;
  }

  /** Runs the main program with r1 = ctx; r0 at its end. */
  run(image: Image, ctx: bigint, start = 0): bigint {
    this.image = image;
    this.depth = 0;
    this.tailCalls = 0;
    this.R.fill(0n);
    this.R[1] = ctx;
    this.setFrame();
    this.pc = start;
    execute(this, start);
    return this.R[0]!;
  }

  /** Saves the caller's r6…r9, r10 and place; the callee gets a frame of its own. `back` is the slot to return to. */
  enter(back: number): void {
    // a tail call starts a program that may nest as deep again
    if (this.depth + 1 >= this.maxFrames * (this.tailCalls + 1)) throw badAccess(`the call stack of ${this.maxFrames} frames is exceeded`);
    const at = this.depth * FRAME_WORDS;
    const { r, frames } = this;
    for (let i = 0; i < 10; i++) frames[at + i] = r[12 + i]!;
    frames[at + 10] = back;
    this.frameImages[this.depth] = this.image;
    this.depth++;
    this.setFrame();
  }

  /** Undoes `enter`; returns the slot to go on at. */
  leave(): number {
    this.depth--;
    const at = this.depth * FRAME_WORDS;
    const { r, frames } = this;
    for (let i = 0; i < 10; i++) r[12 + i] = frames[at + i]!;
    this.image = this.frameImages[this.depth]!;
    return frames[at + 10]!;
  }

  /** Calls back into the program from a helper: the function at that address with up to five arguments; its r0. */
  callback(address: bigint, args: readonly bigint[]): bigint {
    const image = this.imageAt(address);
    const off = this.mem.offsetOf(address);
    if (!image || off < 0 || off % 8 !== 0 || off / 8 >= image.decoded.slots) throw badAccess(`callback address 0x${address.toString(16)} is no function`);
    const pc = this.pc;
    this.enter(pc);
    this.image = image;
    for (let i = 0; i < 5; i++) this.R[i + 1] = args[i] ?? 0n;
    execute(this, off / 8);
    const result = this.R[0]!;
    this.leave();
    this.pc = pc;
    return result;
  }

  /** Time passes without instructions (a helper that loops by itself); keeps the budget honest. */
  charge(steps: number): void {
    this.n += steps;
    if (this.n >= this.limit) this.limit = this.checkpoint(this);
  }

  illegal(pc: number): Fault {
    return badAccess(this.image.decoded.illegal.get(pc) ?? "illegal instruction");
  }
}

/** kernel 6.12 BPF_MAX_LOOPS: what a may_goto without timer allows; kernels with the 250 ms timer are given the same count, so that runs repeat exactly. */
export const MAY_GOTO_LOOPS = 8 * 1024 * 1024;

function isImage(object: unknown): object is Image {
  return typeof object === "object" && object !== null && "decoded" in object && "calls" in object;
}
