/** Sockets given by helpers or contexts (kernel check_sock_access, bpf_sock_is_valid_access and its neighbours in net/core/filter.c). */
import { BtfKind, type BtfOf } from "../../btf/types.ts";
import { regTypeStr } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";

export function checkSockAccess(env: Env, _insnIdx: number, reg: RegState, name: string, off: number, size: number, _t: "read" | "write"): void {
  if (reg.r64.smin < 0n) env.fail("EACCES", `${name} min value is negative, either use unsigned index or do a if (index >=0) check.`);
  if (!fieldOk(env, reg, off + Number(reg.r64.umax), size)) env.fail("EACCES", `${name} invalid ${regTypeStr(env, reg.type)} access off=${off} size=${size}`);
}

/** The uapi struct as this kernel's BTF lays it out. */
function layout(env: Env, name: string): { size: number; at: (member: string) => { off: number; size: number } | undefined } {
  const btf = env.kernel.btf;
  const id = btf?.find(BtfKind.STRUCT, name);
  const t = id === undefined ? undefined : (btf?.type(id) as BtfOf<typeof BtfKind.STRUCT> | undefined);
  if (!btf || !t) return env.unsupported(`fields of struct ${name} on a kernel without BTF`);
  return {
    size: t.size,
    at: (member) => {
      const m = t.members.find((x) => x.name === member);
      return m && { off: m.bitOffset / 8, size: btf.sizeOf(m.type) ?? 0 };
    },
  };
}

function fieldOk(env: Env, reg: RegState, off: number, size: number): boolean {
  switch (reg.type) {
    case T.PTR_TO_SOCK_COMMON: return sockOk(env, off, size, true);
    case T.PTR_TO_SOCKET: return sockOk(env, off, size, false);
    case T.PTR_TO_TCP_SOCK: return tcpSockOk(env, off, size);
    case T.PTR_TO_XDP_SOCK: return off === 0 && size === 4;
    default: return false;
  }
}

/** Fields of a full socket that a pointer to its common part does not reach. */
const FULL_ONLY = ["type", "protocol", "mark", "priority"];
/** Readable in part, from their start only. */
const FROM_START = ["state", "family", "type", "protocol", "src_port", "rx_queue_mapping"];
/** Readable in part anywhere. */
const ANY_PART = ["src_ip4", "src_ip6", "dst_ip4", "dst_ip6"];

function sockOk(env: Env, off: number, size: number, common: boolean): boolean {
  const { size: total, at } = layout(env, "bpf_sock");
  const within = (member: string): boolean => {
    const m = at(member);
    return m !== undefined && off >= m.off && off < m.off + m.size;
  };
  if (common && FULL_ONLY.some(within)) return false;
  if (off < 0 || off >= total || off % size !== 0) return false;
  if (FROM_START.some((f) => at(f)?.off === off) || ANY_PART.some(within)) return size <= 4;
  const port = at("dst_port"), next = at("dst_ip4");
  if (port && within("dst_port")) return size === 4 || size <= port.size;
  if (port && next && off >= port.off + port.size && off < next.off) return false;
  return size === 4;
}
function tcpSockOk(env: Env, off: number, size: number): boolean {
  const { size: total, at } = layout(env, "bpf_tcp_sock");
  const last = at("icsk_retransmits");
  if (off < 0 || off >= (last ? last.off + last.size : total) || off % size !== 0) return false;
  return off === at("bytes_received")?.off || off === at("bytes_acked")?.off ? size === 8 : size === 4;
}
