/**
 * Names of the bits in a kfunc's flags (include/linux/btf.h of 6.1, 6.12, 7.2 and 7.3). They are macros, so no BTF
 * has them. No bit has had two meanings: bit 3 went with 6.4, bit 4 with 7.0, and neither was used again.
 */
const names: Readonly<Record<number, string>> = {
  0: "KF_ACQUIRE", 1: "KF_RELEASE", 2: "KF_RET_NULL", 3: "KF_KPTR_GET", 4: "KF_TRUSTED_ARGS", 5: "KF_SLEEPABLE", 6: "KF_DESTRUCTIVE",
  7: "KF_RCU", 8: "KF_ITER_NEW", 9: "KF_ITER_NEXT", 10: "KF_ITER_DESTROY", 11: "KF_RCU_PROTECTED", 12: "KF_FASTCALL",
  13: "KF_ARENA_RET", 14: "KF_ARENA_ARG1", 15: "KF_ARENA_ARG2", 16: "KF_IMPLICIT_ARGS", 17: "KF_SPINLOCK_SAFE", 18: "KF_PERFMON",
};

/** First and last release (by series) in which a bit that came or went between the simulated kernels may stand. */
const only: Readonly<Record<number, (major: number, minor: number) => boolean>> = {
  3: (major, minor) => major === 6 && minor < 4,
  4: (major) => major < 7,
  17: (major, minor) => major > 7 || (major === 7 && minor >= 3),
  18: (major, minor) => major > 7 || (major === 7 && minor >= 3),
};

/** Flags of a kfunc of kernel series `kernel`, lowest bit first. Throws on a bit that release does not define. */
export function kfuncFlagNames(kernel: string, flags: number): string[] {
  const [major = 0, minor = 0] = kernel.split(".").map(Number);
  const out: string[] = [];
  for (let bit = 0; bit < 32; bit++) {
    if (((flags >>> bit) & 1) === 0) continue;
    const name = names[bit];
    if (!name || only[bit]?.(major, minor) === false) throw new Error(`kernel ${kernel}: kfunc flag bit ${bit} has no name`);
    out.push(name);
  }
  return out;
}
