/** Debian's CONFIG_HZ. */
const HZ = 250;
const NS_PER_TICK = 1_000_000_000 / HZ;
/** kernel INITIAL_JIFFIES: five minutes before a 32-bit counter wraps */
const INITIAL_JIFFIES = 0xffff_ffffn - BigInt(300 * HZ) + 1n;
/** the machine was booted this long before its first run */
const BOOT_NS = 100_000_000_000n;
/** wall clock and TAI at boot: 2026-01-01 00:00:00 UTC, 37 leap seconds */
const REAL_AT_BOOT_NS = 1_767_225_600_000_000_000n;
const TAI_OFFSET_NS = 37_000_000_000n;

/** The machine's clock: one nanosecond for each instruction, so that a run with the same inputs sees the same times. */
export class Clock {
  private base = BOOT_NS;
  private instructions: () => number;

  constructor() {
    this.instructions = () => 0;
  }

  /** From now on time goes with this count. */
  follow(instructions: () => number): void {
    this.instructions = instructions;
  }

  /** Keeps the time that has passed when the count starts anew. */
  settle(): void {
    this.base = this.monotonic() + 1000n;
    this.instructions = () => 0;
  }

  advance(ns: bigint): void {
    this.base += ns;
  }

  monotonic(): bigint {
    return this.base + BigInt(this.instructions());
  }
  boot(): bigint {
    return this.monotonic();
  }
  coarse(): bigint {
    const now = this.monotonic();
    return now - (now % BigInt(NS_PER_TICK));
  }
  tai(): bigint {
    return REAL_AT_BOOT_NS + TAI_OFFSET_NS + this.monotonic();
  }
  real(): bigint {
    return REAL_AT_BOOT_NS + this.monotonic();
  }
  jiffies(): bigint {
    return INITIAL_JIFFIES + this.monotonic() / BigInt(NS_PER_TICK);
  }
}

/** Random numbers that are the same for the same seed (xorshift128, Marsaglia 2003). */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  constructor(seed: number) {
    this.a = (seed ^ 0x9e3779b9) | 0 || 1;
    this.b = Math.imul(seed | 0, 0x85ebca6b) ^ 0x243f6a88;
    this.c = 0x13198a2e;
    this.d = 0x03707344;
    for (let i = 0; i < 16; i++) this.next();
  }

  /** 32 bits, unsigned */
  next(): number {
    const t = this.d;
    let s = t ^ (t << 11);
    s ^= s >>> 8;
    this.d = this.c;
    this.c = this.b;
    this.b = this.a;
    this.a = s ^ this.a ^ (this.a >>> 19);
    return this.a >>> 0;
  }
}
