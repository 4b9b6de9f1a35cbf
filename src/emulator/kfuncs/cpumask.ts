import type { RunEnv } from "../env.ts";
import { A, helper, type HelperTable } from "../helpers/args.ts";

/** struct bpf_cpumask: 8192 bits (NR_CPUS of Debian) and a reference count. Operations look at the machine's CPUs only. */
const MASK_BYTES = 1024;

/** Bytes that hold the machine's CPUs, a view. */
function bits(env: RunEnv, mask: bigint, write: boolean): Uint8Array {
  return env.mem.bytes(mask, Math.ceil(env.cpus / 8), write, "cpumask");
}
function test(env: RunEnv, mask: bigint, cpu: number): boolean {
  return cpu < env.cpus && (bits(env, mask, false)[cpu >> 3]! & (1 << (cpu & 7))) !== 0;
}
function assign(env: RunEnv, mask: bigint, cpu: number, value: boolean): void {
  if (cpu >= env.cpus) return;
  const b = bits(env, mask, true);
  b[cpu >> 3] = value ? b[cpu >> 3]! | (1 << (cpu & 7)) : b[cpu >> 3]! & ~(1 << (cpu & 7));
}
function all(env: RunEnv): number[] {
  return Array.from({ length: env.cpus }, (_, i) => i);
}
/** First CPU for which a condition holds; the number of CPUs when there is none. */
function first(env: RunEnv, holds: (cpu: number) => boolean): number {
  return all(env).find(holds) ?? env.cpus;
}
function combine(op: (a: boolean, b: boolean) => boolean): (env: RunEnv, dst: bigint, a: bigint, b: bigint) => number {
  return (env, dst, a, b) => {
    let any = 0;
    for (const cpu of all(env)) {
      const bit = op(test(env, a, cpu), test(env, b, cpu));
      assign(env, dst, cpu, bit);
      if (bit) any = 1;
    }
    return any;
  };
}

export const cpumaskKfuncs: HelperTable = {
  bpf_cpumask_create: helper([], (env) => env.mem.address(env.mem.create("struct bpf_cpumask", MASK_BYTES + 8, { object: { structName: "bpf_cpumask" } }))),
  bpf_cpumask_acquire: helper([A.u64], (_env, mask) => mask),
  bpf_cpumask_release: helper([A.u64], () => 0n),
  bpf_cpumask_first: helper([A.u64], (env, m) => first(env, (c) => test(env, m, c))),
  bpf_cpumask_first_zero: helper([A.u64], (env, m) => first(env, (c) => !test(env, m, c))),
  bpf_cpumask_first_and: helper([A.u64, A.u64], (env, a, b) => first(env, (c) => test(env, a, c) && test(env, b, c))),
  bpf_cpumask_set_cpu: helper([A.u32, A.u64], (env, cpu, m) => assign(env, m, cpu, true)),
  bpf_cpumask_clear_cpu: helper([A.u32, A.u64], (env, cpu, m) => assign(env, m, cpu, false)),
  bpf_cpumask_test_cpu: helper([A.u32, A.u64], (env, cpu, m) => (test(env, m, cpu) ? 1 : 0)),
  bpf_cpumask_test_and_set_cpu: helper([A.u32, A.u64], (env, cpu, m) => {
    const old = test(env, m, cpu);
    assign(env, m, cpu, true);
    return old ? 1 : 0;
  }),
  bpf_cpumask_test_and_clear_cpu: helper([A.u32, A.u64], (env, cpu, m) => {
    const old = test(env, m, cpu);
    assign(env, m, cpu, false);
    return old ? 1 : 0;
  }),
  bpf_cpumask_setall: helper([A.u64], (env, m) => all(env).forEach((c) => assign(env, m, c, true))),
  bpf_cpumask_clear: helper([A.u64], (env, m) => all(env).forEach((c) => assign(env, m, c, false))),
  bpf_cpumask_and: helper([A.u64, A.u64, A.u64], combine((a, b) => a && b)),
  bpf_cpumask_or: helper([A.u64, A.u64, A.u64], combine((a, b) => a || b)),
  bpf_cpumask_xor: helper([A.u64, A.u64, A.u64], combine((a, b) => a !== b)),
  bpf_cpumask_equal: helper([A.u64, A.u64], (env, a, b) => (all(env).every((c) => test(env, a, c) === test(env, b, c)) ? 1 : 0)),
  bpf_cpumask_intersects: helper([A.u64, A.u64], (env, a, b) => (all(env).some((c) => test(env, a, c) && test(env, b, c)) ? 1 : 0)),
  bpf_cpumask_subset: helper([A.u64, A.u64], (env, a, b) => (all(env).every((c) => !test(env, a, c) || test(env, b, c)) ? 1 : 0)),
  bpf_cpumask_empty: helper([A.u64], (env, m) => (all(env).some((c) => test(env, m, c)) ? 0 : 1)),
  bpf_cpumask_full: helper([A.u64], (env, m) => (all(env).every((c) => test(env, m, c)) ? 1 : 0)),
  bpf_cpumask_copy: helper([A.u64, A.u64], (env, dst, src) => all(env).forEach((c) => assign(env, dst, c, test(env, src, c)))),
  bpf_cpumask_weight: helper([A.u64], (env, m) => all(env).filter((c) => test(env, m, c)).length),
  bpf_cpumask_any_distribute: helper([A.u64], (env, m) => first(env, (c) => test(env, m, c))),
  bpf_cpumask_any_and_distribute: helper([A.u64, A.u64], (env, a, b) => first(env, (c) => test(env, a, c) && test(env, b, c))),
};
