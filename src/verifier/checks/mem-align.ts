/** Alignment of an access (kernel check_ptr_alignment). */
import { tnumAdd, tnumConst, tnumIsAligned } from "../domains/tnum.ts";
import { tnumStr } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";

const NET_IP_ALIGN = 2;

export function checkPtrAlignment(env: Env, reg: RegState, off: number, size: number, strictOnce: boolean): void {
  let strict = env.strictAlignment || strictOnce;
  let what = "";
  switch (reg.type) {
    case T.PTR_TO_PACKET:
    case T.PTR_TO_PACKET_META: {
      if (!strict || size === 1) return;
      const fixed = env.f.ptr_fixed_off ? reg.off + off : off;
      const t = tnumAdd(reg.varOff, tnumConst(BigInt.asUintN(64, BigInt(NET_IP_ALIGN + fixed))));
      if (!tnumIsAligned(t, BigInt(size)))
        env.fail("EACCES", env.f.ptr_fixed_off
          ? `misaligned packet access off ${NET_IP_ALIGN}+${tnumStr(env, reg.varOff)}+${reg.off}+${off} size ${size}`
          : `misaligned packet access off ${NET_IP_ALIGN}+${tnumStr(env, reg.varOff)}+${off} size ${size}`);
      return;
    }
    case T.PTR_TO_FLOW_KEYS: what = "flow keys "; break;
    case T.PTR_TO_MAP_KEY: what = "key "; break;
    case T.PTR_TO_MAP_VALUE:
      what = "value ";
      if (reg.map!.type === "insn_array") strict = true;
      break;
    case T.PTR_TO_CTX: what = "context "; break;
    case T.PTR_TO_STACK:
      what = "stack ";
      strict = true;
      break;
    case T.PTR_TO_SOCKET: what = "sock "; break;
    case T.PTR_TO_SOCK_COMMON: what = "sock_common "; break;
    case T.PTR_TO_TCP_SOCK: what = "tcp_sock "; break;
    case T.PTR_TO_XDP_SOCK: what = "xdp_sock "; break;
    case T.PTR_TO_ARENA: return;
  }
  if (!strict || size === 1) return;
  const fixed = env.f.ptr_fixed_off ? reg.off + off : off;
  if (tnumIsAligned(tnumAdd(reg.varOff, tnumConst(BigInt.asUintN(64, BigInt(fixed)))), BigInt(size))) return;
  env.fail("EACCES", env.f.ptr_fixed_off
    ? `misaligned ${what}access off ${tnumStr(env, reg.varOff)}+${reg.off}+${off} size ${size}`
    : `misaligned ${what}access off ${tnumStr(env, reg.varOff)}+${off} size ${size}`);
}
