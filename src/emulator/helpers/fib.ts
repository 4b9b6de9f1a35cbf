import { Errno } from "../errno.ts";
import type { RunEnv, SimRoute } from "../env.ts";
import type { MemRef } from "./args.ts";

/** struct bpf_fib_lookup, 64 bytes (uapi linux/bpf.h): offsets */
const P = { family: 0, tot_len: 6, ifindex: 8, src: 16, dst: 32, vlan_proto: 48, smac: 52, dmac: 58, size: 64 } as const;
const RET = { SUCCESS: 0, NOT_FWDED: 4, FWD_DISABLED: 5, NO_NEIGH: 7, FRAG_NEEDED: 8 } as const;
const AF_INET = 2, AF_INET6 = 10;

/**
 * bpf_fib_lookup over the machine's own routes: longest prefix wins; without a matching route the answer is NOT_FWDED. A machine without
 * routes has forwarding off, as Linux has by default: FWD_DISABLED.
 */
export function fibLookup(env: RunEnv, params: MemRef, flags: number): number {
  if (params.size < P.size || (flags & ~0x3f) !== 0) return -Errno.EINVAL;
  const bytes = env.mem.bytes(params.address, P.size, true, "parameters");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const family = bytes[P.family]!;
  if (family !== AF_INET && family !== AF_INET6) return -Errno.EAFNOSUPPORT;
  const ifindex = view.getUint32(P.ifindex, true);
  if (!env.devices.some((d) => d.ifindex === ifindex)) return -Errno.ENODEV;
  if (env.routes.length === 0) return RET.FWD_DISABLED;
  const length = family === AF_INET ? 4 : 16;
  const dst = bytes.subarray(P.dst, P.dst + length);
  let best: SimRoute | undefined;
  for (const route of env.routes) {
    if (route.prefix.length === length && contains(route, dst) && (!best || route.length > best.length)) best = route;
  }
  if (!best) return RET.NOT_FWDED;
  const mtu = best.mtu ?? env.devices.find((d) => d.ifindex === best.ifindex)?.mtu ?? 1500;
  if (view.getUint16(P.tot_len, true) > mtu) {
    view.setUint16(P.tot_len, mtu, true);
    return RET.FRAG_NEEDED;
  }
  view.setUint32(P.ifindex, best.ifindex, true);
  if (best.gateway) bytes.set(best.gateway.subarray(0, length), P.dst);
  bytes.set(best.smac.subarray(0, 6), P.smac);
  bytes.set(best.dmac.subarray(0, 6), P.dmac);
  view.setUint32(P.vlan_proto, 0, true);
  return RET.SUCCESS;
}

function contains(route: SimRoute, address: Uint8Array): boolean {
  for (let bit = 0; bit < route.length; bit++) {
    const mask = 0x80 >> (bit & 7);
    if (((route.prefix[bit >> 3]! ^ address[bit >> 3]!) & mask) !== 0) return false;
  }
  return true;
}
