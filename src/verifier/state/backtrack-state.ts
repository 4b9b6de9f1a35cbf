/** Registers and stack slots whose precision is being traced back (kernel struct backtrack_state). */
export class Backtrack {
  frame = 0;
  regs: number[] = new Array<number>(16).fill(0);
  /** stack slots 0…63 by frame */
  stack: bigint[] = new Array<bigint>(16).fill(0n);
  stackArgs: number[] = new Array<number>(16).fill(0);

  reset(): void {
    this.frame = 0;
    this.regs.fill(0);
    this.stack.fill(0n);
    this.stackArgs.fill(0);
  }
  empty(): boolean {
    for (let i = 0; i <= this.frame; i++) if (this.regs[i] !== 0 || this.stack[i] !== 0n || this.stackArgs[i] !== 0) return false;
    return true;
  }
  setFrameReg(frame: number, r: number): void { this.regs[frame]! |= 1 << r; }
  clearFrameReg(frame: number, r: number): void { this.regs[frame]! &= ~(1 << r); }
  frameRegSet(frame: number, r: number): boolean { return (this.regs[frame]! & (1 << r)) !== 0; }
  setReg(r: number): void { this.regs[this.frame]! |= 1 << r; }
  clearReg(r: number): void { this.regs[this.frame]! &= ~(1 << r); }
  regSet(r: number): boolean { return (this.regs[this.frame]! & (1 << r)) !== 0; }
  get regMask(): number { return this.regs[this.frame]!; }
  get stackMask(): bigint { return this.stack[this.frame]!; }
  setFrameSlot(frame: number, s: number): void { this.stack[frame]! |= 1n << BigInt(s); }
  clearFrameSlot(frame: number, s: number): void { this.stack[frame]! &= ~(1n << BigInt(s)); }
  frameSlotSet(frame: number, s: number): boolean { return (this.stack[frame]! & (1n << BigInt(s))) !== 0n; }
  setFrameStackArg(frame: number, s: number): void { this.stackArgs[frame]! |= 1 << s; }
  clearFrameStackArg(frame: number, s: number): void { this.stackArgs[frame]! &= ~(1 << s); }
  frameStackArgSet(frame: number, s: number): boolean { return (this.stackArgs[frame]! & (1 << s)) !== 0; }
}
