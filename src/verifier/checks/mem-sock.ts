/** Sockets given by helpers or contexts (kernel check_sock_access, bpf_sock_is_valid_access and its neighbours). */
import { regTypeStr } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";

export function checkSockAccess(env: Env, _insnIdx: number, reg: RegState, name: string, off: number, size: number, t: "read" | "write"): void {
  if (reg.r64.smin < 0n) env.fail("EACCES", `${name} min value is negative, either use unsigned index or do a if (index >=0) check.`);
  const ok = sockFieldOk(env, reg, off + Number(reg.r64.umax), size, t);
  if (!ok) env.fail("EACCES", `${name} invalid ${regTypeStr(env, reg.type)} access off=${off} size=${size}`);
}
function sockFieldOk(env: Env, _reg: RegState, _off: number, _size: number, _t: "read" | "write"): boolean {
  return env.unsupported("accesses to socket fields are not simulated yet");
}
