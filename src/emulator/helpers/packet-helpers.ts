import { Errno } from "../errno.ts";
import type { RunEnv } from "../env.ts";
import { badAccess } from "../fault.ts";
import { RedirectMap } from "../maps/reference-maps.ts";
import { csumPartial, csumReplace2, csumReplace4, csumReplaceByDiff, csumSub, fold } from "../programs/checksum.ts";
import { be16 } from "../programs/packet-context.ts";
import { ETH_P_8021AD, ETH_P_8021Q, ETH_P_IP, ETH_P_IPV6, SKB_MAX_LEN, type SkbContext } from "../programs/skb-context.ts";
import { A, helper, type HelperTable, type MemRef } from "./args.ts";
import { fibLookup } from "./fib.ts";

/** flags of bpf_skb_store_bytes, bpf_l3_csum_replace, bpf_l4_csum_replace (uapi linux/bpf.h) */
const F_RECOMPUTE_CSUM = 1n, F_INVALIDATE_HASH = 2n, HDR_FIELD_MASK = 0xfn, F_PSEUDO_HDR = 1n << 4n, F_MARK_MANGLED_0 = 1n << 5n, F_MARK_ENFORCE = 1n << 6n, F_IPV6 = 1n << 7n;
const INT_MAX = 0x7fffffff;
const XDP_ABORTED = 0, XDP_REDIRECT = 4, TC_ACT_SHOT = 2, TC_ACT_REDIRECT = 7;

function fillOrFail(env: RunEnv, out: MemRef, bytes: Uint8Array | undefined, errno: number): number {
  const target = env.mem.bytes(out.address, out.size, true, "buffer");
  if (bytes) {
    target.set(bytes);
    return 0;
  }
  target.fill(0);
  return -errno;
}

function storeBytes(skb: SkbContext, off: number, bytes: Uint8Array, flags: bigint): number {
  if ((flags & ~(F_RECOMPUTE_CSUM | F_INVALIDATE_HASH)) !== 0n) return -Errno.EINVAL;
  if (off > INT_MAX) return -Errno.EFAULT;
  const result = skb.setBytes(off, bytes);
  if (result === 0 && (flags & F_INVALIDATE_HASH) !== 0n) skb.hash = 0;
  return result;
}

/** Reads a checksum field as it lies in memory; writes it back. */
function changeField(skb: SkbContext, off: number, change: (field: number) => number | null): number {
  if (skb.pull(off + 2) !== 0) return -Errno.EFAULT;
  const bytes = skb.bytesAt(off, 2)!;
  const next = change(bytes[0]! | (bytes[1]! << 8));
  if (next !== null) skb.setBytes(off, Uint8Array.of(next & 0xff, next >> 8));
  return 0;
}

function low32(value: bigint): number {
  return Number(value & 0xffff_ffffn);
}

function redirectTo(env: RunEnv, ifindex: number, flags: bigint, kind: { peer?: boolean; neigh?: boolean } = {}): number {
  env.redirect = { ifindex, flags, ...kind };
  return TC_ACT_REDIRECT;
}

/** Packets: contents, checksums, size, VLAN tags, redirection (kernel 7.3 filter.c). */
export const packetHelpers: HelperTable = {
  bpf_skb_load_bytes: helper([A.readable, A.u32, A.memOut], (env, skb, off, out) => fillOrFail(env, out, off > INT_MAX ? undefined : skb.bytesAt(off, out.size), Errno.EFAULT)),
  bpf_skb_load_bytes_relative: helper([A.skb, A.u32, A.memOut, A.u32], (env, skb, off, out, start) => {
    const base = start === 0 ? skb.macOff : start === 1 ? skb.netOff : undefined;
    const bytes = base === undefined || off > 0xffff || base + off + out.size > skb.headLength ? undefined : skb.bytesAt(base + off, out.size);
    return fillOrFail(env, out, bytes, Errno.EFAULT);
  }),
  bpf_skb_store_bytes: helper([A.skb, A.u32, A.mem, A.u64], (_env, skb, off, bytes, flags) => storeBytes(skb, off, bytes, flags)),
  bpf_skb_pull_data: helper([A.skb, A.u32], (_env, skb, size) => skb.pull(size === 0 ? skb.headLength : size)),
  bpf_l3_csum_replace: helper([A.skb, A.u32, A.u64, A.u64, A.u64], (_env, skb, off, from, to, flags) => {
    if ((flags & ~HDR_FIELD_MASK) !== 0n) return -Errno.EINVAL;
    if (off > 0xffff || (off & 1) !== 0) return -Errno.EFAULT;
    return replaceChecksum(skb, off, from, to, Number(flags & HDR_FIELD_MASK), true, false, false);
  }),
  bpf_l4_csum_replace: helper([A.skb, A.u32, A.u64, A.u64, A.u64], (_env, skb, off, from, to, flags) => {
    if ((flags & ~(F_MARK_MANGLED_0 | F_MARK_ENFORCE | F_PSEUDO_HDR | HDR_FIELD_MASK | F_IPV6)) !== 0n) return -Errno.EINVAL;
    if (off > 0xffff || (off & 1) !== 0) return -Errno.EFAULT;
    return replaceChecksum(skb, off, from, to, Number(flags & HDR_FIELD_MASK), false, (flags & F_MARK_MANGLED_0) !== 0n, (flags & F_MARK_ENFORCE) !== 0n);
  }),
  bpf_csum_diff: helper([A.mem, A.mem, A.u32], (env, from, to, seed) => {
    if (!env.kernel.has("csum_diff_folded")) {
      // older kernels sum the inverted words of `from` and those of `to` from a buffer of 512 bytes
      if (((from.length | to.length) & 3) !== 0 || from.length + to.length > 512) return -Errno.EINVAL;
      return BigInt(csumPartial(Uint8Array.of(...from.map((b) => ~b & 0xff), ...to), seed));
    }
    let sum = seed;
    if (from.length > 0 && to.length > 0) sum = csumSub(csumPartial(to, sum), csumPartial(from, 0));
    else if (to.length > 0) sum = csumPartial(to, sum);
    else if (from.length > 0) sum = ~csumPartial(from, ~sum >>> 0) >>> 0;
    return fold(sum);
  }),
  bpf_csum_update: helper([A.skb, A.u32], () => -Errno.ENOTSUPP),
  bpf_csum_level: helper([A.skb, A.u64], (_env, _skb, level) => (level === 0n ? -Errno.EACCES : level <= 3n ? 0 : -Errno.EINVAL)),
  bpf_skb_change_tail: helper([A.skb, A.u32, A.u64], (_env, skb, size, flags) => (flags !== 0n ? -Errno.EINVAL : skb.changeTail(size))),
  bpf_skb_change_head: helper([A.skb, A.s32, A.u64], (_env, skb, room, flags) => (flags !== 0n ? -Errno.EINVAL : skb.changeHead(room))),
  bpf_skb_change_proto: helper([A.skb, A.u32, A.u64], (_env, skb, proto, flags) => {
    if (flags !== 0n) return -Errno.EINVAL;
    const to = be16(proto & 0xffff);
    if (skb.protocol === ETH_P_IP && to === ETH_P_IPV6) {
      const error = skb.insert(skb.macLength, 20);
      if (error < 0) return error;
    } else if (skb.protocol === ETH_P_IPV6 && to === ETH_P_IP) {
      const error = skb.remove(skb.macLength, 20);
      if (error < 0) return error;
    } else {
      return -Errno.ENOTSUPP;
    }
    skb.protocol = to;
    skb.hash = 0;
    return 0;
  }),
  bpf_skb_change_type: helper([A.skb, A.u32], (_env, skb, type) => {
    if (skb.pktType > 3 || type > 3) return -Errno.EINVAL;
    skb.pktType = type;
    return 0;
  }),
  bpf_skb_adjust_room: helper([A.skb, A.s32, A.u32, A.u64], (_env, skb, diff, mode, flags) => adjustRoom(skb, diff, mode, flags)),
  bpf_skb_vlan_push: helper([A.skb, A.u32, A.u32], (_env, skb, proto, tci) => {
    const host = be16(proto & 0xffff);
    return skb.vlanPush(host === ETH_P_8021AD ? host : ETH_P_8021Q, tci & 0xffff);
  }),
  bpf_skb_vlan_pop: helper([A.skb], (_env, skb) => skb.vlanPop()),
  bpf_get_hash_recalc: helper([A.skb], (_env, skb) => {
    if (skb.hash === 0) {
      let h = 0x811c9dc5;
      for (const b of skb.bytesAt(Math.max(0, skb.netOff), Math.min(40, skb.length - Math.max(0, skb.netOff))) ?? []) h = Math.imul(h ^ b, 0x01000193);
      skb.hash = h >>> 0 || 1;
    }
    return BigInt(skb.hash);
  }),
  bpf_set_hash: helper([A.skb, A.u32], (_env, skb, hash) => {
    skb.hash = hash;
    return 0;
  }),
  bpf_set_hash_invalid: helper([A.skb], (_env, skb) => {
    skb.hash = 0;
    return 0;
  }),
  bpf_get_route_realm: helper([A.skb], () => 0),
  bpf_get_socket_cookie: helper([A.ctx], () => 1n),
  bpf_get_socket_uid: helper([A.skb], () => 65534n),
  bpf_get_netns_cookie: helper([A.ctx], () => 1n),
  bpf_skb_cgroup_id: helper([A.skb], () => 1n),
  bpf_skb_ancestor_cgroup_id: helper([A.skb, A.s32], (_env, _skb, level) => (level === 0 ? 1n : 0n)),
  bpf_skb_under_cgroup: helper([A.skb, A.map, A.u32], () => -Errno.EAGAIN),
  bpf_skb_cgroup_classid: helper([A.skb], () => 0n),
  bpf_skb_ecn_set_ce: helper([A.skb], (_env, skb) => setCongestionExperienced(skb)),
  bpf_skb_set_tstamp: helper([A.skb, A.u64, A.u32], (_env, skb, tstamp, type) => {
    if (skb.protocol !== ETH_P_IP && skb.protocol !== ETH_P_IPV6) return -Errno.EOPNOTSUPP;
    if (type > 2 || (type === 0 && tstamp !== 0n) || (type === 1 && tstamp === 0n)) return -Errno.EINVAL;
    skb.tstamp = tstamp;
    skb.tstampType = type;
    return 0;
  }),
  bpf_skb_get_tunnel_key: helper([A.skb, A.memOut, A.u64], (env, skb, out, flags) => {
    const target = env.mem.bytes(out.address, out.size, true, "tunnel key");
    if (skb.tunnelKey && (flags & ~1n) === 0n) {
      target.fill(0);
      target.set(skb.tunnelKey.subarray(0, out.size));
      return 0;
    }
    target.fill(0);
    return -Errno.EINVAL;
  }),
  bpf_skb_set_tunnel_key: helper([A.skb, A.mem, A.u64], (env, skb, key, flags) => {
    if ((flags & ~0x1fn) !== 0n) return -Errno.EINVAL;
    skb.tunnelKey = key;
    env.note("a tunnel key is set on the packet");
    return 0;
  }),
  bpf_check_mtu: helper([A.ctx, A.u32, A.u64, A.s32, A.u64], checkMtu),

  bpf_redirect: helper([A.u32, A.u64], (env, ifindex, flags) => {
    if (env.packet?.kind === "xdp") {
      if (flags !== 0n) return XDP_ABORTED;
      env.redirect = { ifindex, flags };
      return XDP_REDIRECT;
    }
    return (flags & ~1n) !== 0n ? TC_ACT_SHOT : redirectTo(env, ifindex, flags);
  }),
  bpf_redirect_peer: helper([A.u32, A.u64], (env, ifindex, flags) => (flags !== 0n ? TC_ACT_SHOT : redirectTo(env, ifindex, flags, { peer: true }))),
  bpf_redirect_neigh: helper([A.u32, A.u64, A.u32, A.u64], (env, ifindex, params, size, flags) => {
    if ((size !== 0 && size < 20) || flags !== 0n) return TC_ACT_SHOT;
    if (size > 0) env.mem.read(params, size, "parameters");
    return redirectTo(env, ifindex, flags, { neigh: true });
  }),
  bpf_clone_redirect: helper([A.skb, A.u32, A.u64], (env, _skb, ifindex, flags) => {
    if ((flags & ~1n) !== 0n) return -Errno.EINVAL;
    const device = env.devices.find((d) => d.ifindex === ifindex);
    if (!device) return -Errno.EINVAL;
    env.note(`a copy of the packet is sent ${(flags & 1n) !== 0n ? "into" : "out of"} ${device.name}`);
    return 0;
  }),
  bpf_redirect_map: helper([A.map, A.u64, A.u64], (env, map, key, flags) => {
    if (!(map instanceof RedirectMap)) throw badAccess(`map ${map.name} cannot be redirected to`);
    // bits 0 and 1 are the action for a key that is not there; broadcast and exclude-ingress for device maps
    const device = map.kind.startsWith("devmap");
    if ((flags & ~(device ? 0x1bn : 0x3n)) !== 0n) return XDP_ABORTED;
    const index = Number(key & 0xffff_ffffn);
    const broadcast = device && (flags & 8n) !== 0n;
    if (!broadcast && !map.has(index)) return Number(flags & 3n);
    env.redirect = broadcast ? { ifindex: 0, flags, map: map.name } : { ifindex: device ? map.target(index) : 0, flags, map: map.name, key: index };
    return XDP_REDIRECT;
  }),
  bpf_fib_lookup: helper([A.ctx, A.memOut, A.u32], (env, _ctx, params, flags) => fibLookup(env, params, flags)),

  bpf_xdp_adjust_head: helper([A.xdp, A.s32], (_env, xdp, offset) => xdp.adjustHead(offset)),
  bpf_xdp_adjust_tail: helper([A.xdp, A.s32], (_env, xdp, offset) => xdp.adjustTail(offset)),
  bpf_xdp_adjust_meta: helper([A.xdp, A.s32], (_env, xdp, offset) => xdp.adjustMeta(offset)),
  bpf_xdp_get_buff_len: helper([A.xdp], (_env, xdp) => xdp.length),
  bpf_xdp_load_bytes: helper([A.xdp, A.u32, A.memOut], (env, xdp, off, out) => {
    const bytes = off > 0xffff ? undefined : xdp.bytesAt(off, out.size);
    if (off > 0xffff) return -Errno.EFAULT;
    if (!bytes) return -Errno.EINVAL;
    env.mem.write(out.address, bytes, "buffer");
    return 0;
  }),
  bpf_xdp_store_bytes: helper([A.xdp, A.u32, A.mem], (_env, xdp, off, bytes) => (off > 0xffff ? -Errno.EFAULT : xdp.setBytes(off, bytes))),
};

function replaceChecksum(skb: SkbContext, off: number, from: bigint, to: bigint, size: number, l3: boolean, mangled: boolean, enforce: boolean): number {
  if (skb.pull(off + 2) !== 0) return -Errno.EFAULT;
  if (![0, 2, 4].includes(size) || (size === 0 && from !== 0n)) {
    // with BPF_F_MARK_MANGLED_0 a zero field is left before the size is looked at
    const field = skb.bytesAt(off, 2)!;
    return mangled && !enforce && field[0] === 0 && field[1] === 0 ? 0 : -Errno.EINVAL;
  }
  return changeField(skb, off, (field) => {
    if (mangled && !enforce && field === 0) return null;
    const next = size === 0 ? csumReplaceByDiff(field, low32(to)) : size === 2 && l3 ? csumReplace2(field, low32(from), low32(to)) : csumReplace4(field, size === 2 ? low32(from) & 0xffff : low32(from), size === 2 ? low32(to) & 0xffff : low32(to));
    return mangled && next === 0 ? 0xffff : next;
  });
}

const ROOM = { FIXED_GSO: 1n, ENCAP_L3_IPV4: 2n, ENCAP_L3_IPV6: 4n, ENCAP_L4_GRE: 8n, ENCAP_L4_UDP: 16n, NO_CSUM_RESET: 32n, ENCAP_L2_ETH: 64n, DECAP_L3_IPV4: 128n, DECAP_L3_IPV6: 256n } as const;
const ENCAP_L3 = ROOM.ENCAP_L3_IPV4 | ROOM.ENCAP_L3_IPV6;
const DECAP = ROOM.DECAP_L3_IPV4 | ROOM.DECAP_L3_IPV6;
const ROOM_ALL = 0x1ffn | (0xffn << 56n);

/** bpf_skb_adjust_room of kernel 7.2; the flags 7.3 adds for taking tunnels off are not known here. */
function adjustRoom(skb: SkbContext, diff: number, mode: number, flags: bigint): number {
  const size = Math.abs(diff);
  const shrink = diff < 0;
  const base = skb.protocol === ETH_P_IP ? 20 : skb.protocol === ETH_P_IPV6 ? 40 : 0;
  if ((flags & ~ROOM_ALL) !== 0n) return -Errno.EINVAL;
  if (size > 0xfff) return -Errno.EFAULT;
  if (base === 0) return -Errno.ENOTSUPP;
  if (mode > 1) return -Errno.ENOTSUPP;
  const off = skb.macLength + (mode === 0 ? base : 0);
  let minimum = base;
  if ((flags & DECAP) !== 0n) {
    if (!shrink || (flags & DECAP) === DECAP) return -Errno.EINVAL;
    minimum = (flags & ROOM.DECAP_L3_IPV4) !== 0n ? 20 : 40;
  }
  const current = skb.length - skb.netOff;
  if (shrink ? size >= current || current - size < minimum : skb.length + size > SKB_MAX_LEN && skb.gsoSize === 0) return -Errno.ENOTSUPP;
  if (shrink) {
    if ((flags & ~(DECAP | ROOM.FIXED_GSO | ROOM.NO_CSUM_RESET)) !== 0n) return -Errno.EINVAL;
    const error = skb.remove(off, size);
    if (error < 0) return error;
    if ((flags & ROOM.DECAP_L3_IPV6) !== 0n) skb.protocol = ETH_P_IPV6;
    else if ((flags & ROOM.DECAP_L3_IPV4) !== 0n) skb.protocol = ETH_P_IP;
    return 0;
  }
  const encap = (flags & ENCAP_L3) !== 0n;
  const innerMac = Number(flags >> 56n);
  if (encap) {
    if ((flags & ENCAP_L3) === ENCAP_L3) return -Errno.EINVAL;
    if ((flags & ROOM.ENCAP_L4_GRE) !== 0n && (flags & ROOM.ENCAP_L4_UDP) !== 0n) return -Errno.EINVAL;
    if ((flags & ROOM.ENCAP_L2_ETH) !== 0n && innerMac < 14) return -Errno.EINVAL;
    if (skb.encapsulation) return -Errno.EALREADY;
    if (innerMac > size) return -Errno.EINVAL;
  }
  const error = skb.insert(off, size);
  if (error < 0) return error;
  if (encap) {
    skb.encapsulation = true;
    skb.protocol = (flags & ROOM.ENCAP_L3_IPV6) !== 0n ? ETH_P_IPV6 : ETH_P_IP;
  }
  return 0;
}

/**
 * bpf_skb_ecn_set_ce: 1 when the packet is marked congestion experienced afterwards (kernel IP_ECN_set_ce, IP6_ECN_set_ce). The protocol
 * is the one behind VLAN tags, the header where the network header is, even if that is a tag.
 */
function setCongestionExperienced(skb: SkbContext): number {
  const at = skb.netOff;
  const protocol = behindTags(skb);
  if (protocol === ETH_P_IP) {
    const header = skb.bytesAt(at, 20);
    if (!header) return 0;
    const ecn = (header[1]! + 1) & 3;
    if ((ecn & 2) === 0) return ecn === 0 ? 1 : 0;
    const sum = (header[10]! | (header[11]! << 8)) + 0xfbff + (ecn << 8);
    const check = (sum & 0xffff) + (sum >> 16);
    header[1] = header[1]! | 3;
    header[10] = check & 0xff;
    header[11] = (check >> 8) & 0xff;
    skb.setBytes(at, header);
    return 1;
  }
  if (protocol === ETH_P_IPV6) {
    const header = skb.bytesAt(at, 40);
    if (!header || (header[1]! & 0x30) === 0) return 0;
    if ((header[1]! & 0x30) === 0x30) return 1;
    header[1] = header[1]! | 0x30;
    skb.setBytes(at, header);
    return 1;
  }
  return 0;
}

/** EtherType behind the VLAN tags that lie in the packet (kernel skb_protocol). */
function behindTags(skb: SkbContext): number {
  let protocol = skb.protocol;
  for (let off = skb.macOff + 14; protocol === ETH_P_8021Q || protocol === ETH_P_8021AD; off += 4) {
    const tag = skb.bytesAt(off, 4);
    if (!tag) return 0;
    protocol = (tag[2]! << 8) | tag[3]!;
  }
  return protocol;
}

/** bpf_check_mtu: 0 fits, 1 BPF_MTU_CHK_RET_FRAG_NEEDED; mtu_len is filled with the device's MTU. */
function checkMtu(env: RunEnv, _ctx: bigint, ifindex: number, mtuLen: bigint, diff: number, flags: bigint): number {
  const packet = env.packet;
  const wanted = new DataView(env.mem.read(mtuLen, 4, "mtu_len").buffer).getUint32(0, true);
  if (!packet || (flags & ~(packet.kind === "skb" ? 1n : 0n)) !== 0n || (flags !== 0n && diff !== 0)) return -Errno.EINVAL;
  const own = packet.kind === "skb" ? packet.setup.ifindex : packet.kind === "xdp" ? packet.setup.ingressIfindex : 1;
  const device = env.devices.find((d) => d.ifindex === (ifindex || own));
  if (!device) return -Errno.ENODEV;
  const length = wanted !== 0 ? wanted + 14 + diff : packet.length + diff;
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, device.mtu, true);
  env.mem.write(mtuLen, out, "mtu_len");
  return length <= device.mtu + 14 ? 0 : 1;
}

