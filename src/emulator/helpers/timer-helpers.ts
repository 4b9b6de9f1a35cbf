import { Errno } from "../errno.ts";
import type { RunEnv } from "../env.ts";
import { badAccess } from "../fault.ts";
import type { SimMap } from "../maps/sim-map.ts";
import type { SimTimer } from "../timers.ts";
import { A, helper, type HelperTable } from "./args.ts";

/** Makes a timer or work item of a map value; 0 or a negative errno (kernel 7.3 __bpf_async_init). */
export function initAsync(env: RunEnv, address: bigint, map: SimMap, kind: SimTimer["kind"]): number {
  if (env.timers.get(address)) return -Errno.EBUSY;
  for (const item of map.forEach(env.cpuId) ?? []) {
    if (address >= item.value && address < item.value + BigInt(map.valueSize)) {
      env.timers.add({ address, map, key: item.key, value: item.value, kind, callback: 0n, expires: undefined });
      return 0;
    }
  }
  throw badAccess(`0x${address.toString(16)} is no ${kind === "timer" ? "timer" : "work item"} in a value of map ${map.name}`);
}

export function setAsyncCallback(env: RunEnv, address: bigint, callback: bigint): number {
  const timer = env.timers.get(address);
  if (!timer) return -Errno.EINVAL;
  timer.callback = callback;
  return 0;
}

export const timerHelpers: HelperTable = {
  bpf_timer_init: helper([A.u64, A.map, A.u64], (env, address, map, flags) => {
    // CLOCK_REALTIME 0, CLOCK_MONOTONIC 1, CLOCK_BOOTTIME 7
    if (![0n, 1n, 7n].includes(flags)) return -Errno.EINVAL;
    return initAsync(env, address, map, "timer");
  }),
  bpf_timer_set_callback: helper([A.u64, A.u64], setAsyncCallback),
  bpf_timer_start: helper([A.u64, A.u64, A.u64], (env, address, ns, flags) => {
    if ((flags & ~3n) !== 0n) return -Errno.EINVAL;
    const timer = env.timers.get(address);
    if (!timer || timer.callback === 0n) return -Errno.EINVAL;
    timer.expires = (flags & 1n) !== 0n ? ns : env.clock.monotonic() + ns;
    return 0;
  }),
  bpf_timer_cancel: helper([A.u64], (env, address) => {
    const timer = env.timers.get(address);
    if (!timer) return -Errno.EINVAL;
    const armed = timer.expires !== undefined;
    timer.expires = undefined;
    timer.callback = 0n;
    return armed ? 1 : 0;
  }),
};
