import { Errno } from "../errno.ts";
import { badAccess } from "../fault.ts";
import type { Memory, Region, RegionHandler } from "../memory/memory.ts";
import { be16, ETH_HLEN, narrow } from "./packet-context.ts";

export interface SkbSetup {
  /** frame with its Ethernet header */
  data: Uint8Array;
  /** bytes in the linear part */
  linear: number;
  /** the program sees the Ethernet header (sched_cls, sched_act) */
  l2: boolean;
  /** data may be accessed through data and data_end */
  directAccess: boolean;
  directWrite: boolean;
  ifindex: number;
  deviceMac: Uint8Array;
  /** struct __sk_buff given by user space */
  ctx: Uint8Array | null;
  /** address of the simulated socket */
  sk: bigint;
  /** bytes of the release's struct __sk_buff, at most 192: 184 before hwtstamp came */
  ctxSize: number;
}

/** BPF_SKB_MAX_LEN (kernel SKB_MAX_ALLOC with 4 KiB pages) */
export const SKB_MAX_LEN = 16064;
const HEAD_SLACK = 4608;
const TAIL_SLACK = 20480;
export const ETH_P_IP = 0x0800, ETH_P_IPV6 = 0x86dd, ETH_P_8021Q = 0x8100, ETH_P_8021AD = 0x88a8;

/** offset of a field in struct __sk_buff (uapi linux/bpf.h) */
const F = {
  len: 0, pkt_type: 4, mark: 8, queue_mapping: 12, protocol: 16, vlan_present: 20, vlan_tci: 24, vlan_proto: 28, priority: 32, ingress_ifindex: 36, ifindex: 40,
  tc_index: 44, cb: 48, hash: 68, tc_classid: 72, data: 76, data_end: 80, napi_id: 84, family: 88, remote_ip4: 92, local_ip4: 96, remote_ip6: 100, local_ip6: 116,
  remote_port: 132, local_port: 136, data_meta: 140, flow_keys: 144, tstamp: 152, wire_len: 160, gso_segs: 164, sk: 168, gso_size: 176, tstamp_type: 180, hwtstamp: 184, size: 192,
} as const;

/** struct sk_buff of a run and the struct __sk_buff that programs see (kernel 7.3 filter.c bpf_convert_ctx_access, test_run.c). */
export class SkbContext implements RegionHandler {
  readonly kind = "skb";
  private readonly mem: Memory;
  readonly setup: SkbSetup;
  readonly buffer: Region;
  readonly region: Region;
  /** offsets in the buffer */
  data: number;
  private head: number;
  private metaSize = 0;
  frags: Uint8Array;
  /** headers relative to data */
  macOff: number;
  netOff: number;
  encapsulation = false;
  mark: number; priority: number; ingressIfindex: number; tstamp: bigint; wireLen: number; gsoSegs: number; gsoSize: number; hwtstamp: bigint;
  cb = new Uint8Array(20);
  protocol: number;
  pktType: number;
  queueMapping = 0; tcIndex = 0; tcClassid = 0; hash = 0; tstampType = 0;
  vlan: { proto: number; tci: number } | null = null;
  tunnelKey: Uint8Array | null = null;

  constructor(mem: Memory, setup: SkbSetup) {
    this.mem = mem;
    this.setup = setup;
    this.buffer = mem.create("the packet", HEAD_SLACK + setup.linear + TAIL_SLACK, { writable: setup.directWrite });
    mem.regionBytes(this.buffer).set(setup.data.subarray(0, setup.linear), HEAD_SLACK);
    this.frags = setup.data.slice(setup.linear);
    this.data = HEAD_SLACK + (setup.l2 ? 0 : ETH_HLEN);
    this.head = setup.linear - (setup.l2 ? 0 : ETH_HLEN);
    this.macOff = setup.l2 ? 0 : -ETH_HLEN;
    this.netOff = setup.l2 ? ETH_HLEN : 0;
    this.protocol = ethernetProtocol(setup.data);
    this.pktType = packetType(setup.data, setup.deviceMac);
    const ctx = setup.ctx;
    const view = ctx ? new DataView(ctx.buffer, ctx.byteOffset, ctx.length) : null;
    this.mark = view?.getUint32(F.mark, true) ?? 0;
    this.priority = view?.getUint32(F.priority, true) ?? 0;
    this.ingressIfindex = view?.getUint32(F.ingress_ifindex, true) ?? 0;
    this.tstamp = view?.getBigUint64(F.tstamp, true) ?? 0n;
    this.wireLen = view ? view.getUint32(F.wire_len, true) || this.length : 0;
    this.gsoSegs = view?.getUint32(F.gso_segs, true) ?? 0;
    this.gsoSize = view?.getUint32(F.gso_size, true) ?? 0;
    this.hwtstamp = view?.getBigUint64(F.hwtstamp, true) ?? 0n;
    if (ctx) this.cb.set(ctx.subarray(F.cb, F.cb + 20));
    this.region = mem.create("the context (struct __sk_buff)", F.size, { handler: this, object: this });
    this.publish();
  }

  dispose(): void {
    this.mem.release(this.buffer);
    this.mem.release(this.region);
  }

  private publish(): void {
    if (this.setup.directAccess) this.mem.setWindow(this.buffer, this.data - this.metaSize, this.data + this.head);
    else this.mem.setWindow(this.buffer, 0, 0);
  }

  get length(): number {
    return this.head + this.frags.length;
  }
  get headLength(): number {
    return this.head;
  }
  /** bytes of the Ethernet header, or what lies before the network header */
  get macLength(): number {
    return this.netOff - this.macOff;
  }

  private bytes(): Uint8Array {
    return this.mem.regionBytes(this.buffer);
  }

  // the context

  load(off: number, size: number): bigint {
    const { start, width, value } = this.field(off, size);
    if (off + size > start + width) throw badAccess(`read of ${size} bytes at offset ${off} of struct __sk_buff`);
    if (typeof value === "bigint" && width === 4) {
      if (size !== 4) throw badAccess(`read of ${size} bytes at offset ${off} of struct __sk_buff: data, data_end and data_meta are read whole`);
      return value;
    }
    return narrow(BigInt(value), off - start, size);
  }

  /** The field an offset lies in. A bigint for a 4-byte field is a pointer. */
  private field(off: number, size: number): { start: number; width: number; value: number | bigint } {
    const four = (value: number | bigint): { start: number; width: number; value: number | bigint } => ({ start: off & ~3, width: 4, value: typeof value === "number" ? value >>> 0 : value });
    const f = off & ~3;
    if (f >= F.cb && f < F.hash) {
      const at = f - F.cb;
      const width = size === 8 && off % 8 === 0 && at <= 12 ? 8 : 4;
      const view = new DataView(this.cb.buffer);
      return width === 8 ? { start: off, width: 8, value: view.getBigUint64(at, true) } : four(view.getUint32(at, true));
    }
    if (f >= F.remote_ip6 && f < F.remote_port) return four(this.address6(f));
    switch (f) {
      case F.len: return four(this.length);
      case F.pkt_type: return four(this.pktType);
      case F.mark: return four(this.mark);
      case F.queue_mapping: return four(this.queueMapping);
      case F.protocol: return four(be16(this.protocol));
      case F.vlan_present: return four(this.vlan ? 1 : 0);
      case F.vlan_tci: return four(this.vlan?.tci ?? 0);
      case F.vlan_proto: return four(this.vlan ? be16(this.vlan.proto) : 0);
      case F.priority: return four(this.priority);
      case F.ingress_ifindex: return four(this.ingressIfindex);
      case F.ifindex: return four(this.setup.ifindex);
      case F.tc_index: return four(this.tcIndex);
      case F.hash: return four(this.hash);
      case F.tc_classid: return four(this.tcClassid);
      case F.data: return four(this.mem.address(this.buffer, this.data));
      // where BPF_PROG_TEST_RUN does not compute it, it is the zero that a new skb's control block holds
      case F.data_end: return four(this.setup.directAccess ? this.mem.address(this.buffer, this.data + this.head) : 0);
      case F.data_meta: return four(this.mem.address(this.buffer, this.data - this.metaSize));
      case F.napi_id: return four(0);
      case F.family: return four(this.protocol === ETH_P_IP ? 2 : this.protocol === ETH_P_IPV6 ? 10 : 0);
      case F.remote_ip4: return four(this.protocol === ETH_P_IP ? this.word(this.setup.l2 ? ETH_HLEN + 16 : 16) : 0);
      case F.local_ip4: return four(this.protocol === ETH_P_IP ? this.word(this.setup.l2 ? ETH_HLEN + 12 : 12) : 0);
      case F.remote_port: return four(0);
      case F.local_port: return four(0);
      case F.tstamp: case F.tstamp + 4: return { start: F.tstamp, width: 8, value: this.tstamp };
      case F.wire_len: return four(this.wireLen);
      case F.gso_segs: return four(this.gsoSegs);
      case F.sk: case F.sk + 4: return { start: F.sk, width: 8, value: this.setup.sk };
      case F.gso_size: return four(this.gsoSize);
      case F.tstamp_type: return { start: F.tstamp_type, width: 1, value: this.tstampType };
      case F.hwtstamp: case F.hwtstamp + 4: return { start: F.hwtstamp, width: 8, value: this.hwtstamp };
      default: throw badAccess(`read of ${size} bytes at offset ${off} of struct __sk_buff`);
    }
  }

  private address6(off: number): number {
    if (this.protocol !== ETH_P_IPV6) return 0;
    const base = this.setup.l2 ? ETH_HLEN : 0;
    return off >= F.local_ip6 ? this.word(base + 8 + off - F.local_ip6) : this.word(base + 24 + off - F.remote_ip6);
  }

  /** 32 bits of the packet as they were given, as they lie in memory. */
  private word(off: number): number {
    const at = off + (this.setup.l2 ? 0 : ETH_HLEN);
    const d = this.setup.data;
    return at + 4 <= d.length ? (d[at]! | (d[at + 1]! << 8) | (d[at + 2]! << 16) | (d[at + 3]! << 24)) >>> 0 : 0;
  }

  store(off: number, size: number, value: bigint): void {
    if (off >= F.cb && off + size <= F.hash) {
      for (let i = 0; i < size; i++) this.cb[off - F.cb + i] = Number((value >> BigInt(8 * i)) & 0xffn);
      return;
    }
    const n = Number(value & 0xffff_ffffn);
    if (size === 4) {
      switch (off) {
        case F.mark: this.mark = n; return;
        case F.queue_mapping: if (n < 0xffff) this.queueMapping = n & 0xffff; return;
        case F.priority: this.priority = n; return;
        case F.tc_index: this.tcIndex = n & 0xffff; return;
        case F.tc_classid: this.tcClassid = n; return;
      }
    }
    if (off === F.tstamp && size === 8) {
      this.tstamp = value;
      return;
    }
    throw badAccess(`write of ${size} bytes at offset ${off} of struct __sk_buff, which programs cannot write`);
  }

  // the packet

  bytesAt(off: number, size: number): Uint8Array | undefined {
    if (off < this.data * -1 || off + size > this.length) return undefined;
    const out = new Uint8Array(size);
    const linear = this.bytes();
    const head = Math.max(0, Math.min(size, this.head - off));
    if (head > 0) out.set(linear.subarray(this.data + off, this.data + off + head));
    if (head < size) out.set(this.frags.subarray(off + head - this.head, off + size - this.head), head);
    return out;
  }

  /** SKF_NET_OFF is -0x100000, SKF_LL_OFF -0x200000 (kernel bpf_internal_load_pointer_neg_helper). */
  legacyBytes(off: number, size: number): Uint8Array | undefined {
    if (off >= 0) return this.bytesAt(off, size);
    const from = off >= -0x100000 ? this.netOff + off + 0x100000 : off >= -0x200000 ? this.macOff + off + 0x200000 : undefined;
    if (from === undefined || from < this.macOff || from + size > this.head) return undefined;
    return this.bytesAt(from, size);
  }

  /** Makes the first bytes linear and writable; 0 or -ENOMEM when the packet is shorter (kernel bpf_try_make_writable). */
  pull(size: number): number {
    if (size > this.length) return -Errno.ENOMEM;
    if (size > this.head) {
      const more = size - this.head;
      this.bytes().set(this.frags.subarray(0, more), this.data + this.head);
      this.frags = this.frags.slice(more);
      this.head += more;
    }
    this.publish();
    return 0;
  }

  /** Stores into the linear part, after a pull. */
  setBytes(off: number, bytes: Uint8Array): number {
    if (off + bytes.length > this.length || this.pull(off + bytes.length) !== 0) return -Errno.EFAULT;
    this.bytes().set(bytes, this.data + off);
    return 0;
  }

  linearAddress(off: number, size: number): bigint | undefined {
    return off >= 0 && off + size <= this.head ? this.mem.address(this.buffer, this.data + off) : undefined;
  }

  /** Room of zeros at an offset; headers before it move down, whether the packet reaches that far or not (kernel bpf_skb_generic_push). */
  insert(off: number, size: number): number {
    if (this.data - size < 0 || this.data + off > this.bytes().length) return -Errno.ENOMEM;
    const b = this.bytes();
    b.copyWithin(this.data - size, this.data, this.data + off);
    this.data -= size;
    this.head += size;
    b.fill(0, this.data + off, this.data + off + size);
    this.publish();
    return 0;
  }

  /** Takes bytes out at an offset (kernel bpf_skb_net_hdr_pop). */
  remove(off: number, size: number): number {
    if (this.pull(off + size) !== 0) return -Errno.ENOMEM;
    const b = this.bytes();
    b.copyWithin(this.data + size, this.data, this.data + off);
    this.data += size;
    this.head -= size;
    this.publish();
    return 0;
  }

  changeTail(size: number): number {
    if (size > SKB_MAX_LEN || size < Math.max(0, this.netOff)) return -Errno.EINVAL;
    if (this.encapsulation) return -Errno.ENOTSUPP;
    this.pull(this.length);
    if (size > this.head) this.bytes().fill(0, this.data + this.head, this.data + size);
    this.head = size;
    this.gsoSegs = this.gsoSize = 0;
    this.publish();
    return 0;
  }

  changeHead(room: number): number {
    if (room < 0 || this.length + room > SKB_MAX_LEN || this.data - room < 0) return -Errno.EINVAL;
    this.data -= room;
    this.head += room;
    this.bytes().fill(0, this.data, this.data + room);
    this.macOff = 0;
    this.netOff += room;
    this.publish();
    return 0;
  }

  /** The first tag is kept beside the packet as network cards do; a further one pushes it into the packet (kernel skb_vlan_push). */
  vlanPush(proto: number, tci: number): number {
    const kept = this.vlan;
    if (kept) {
      const down = this.setup.l2 ? 0 : ETH_HLEN;
      this.shift(down);
      const b = this.bytes();
      if (this.insert(12, 4) !== 0) {
        this.shift(-down);
        return -Errno.ENOMEM;
      }
      b.set([kept.proto >> 8, kept.proto & 0xff, kept.tci >> 8, kept.tci & 0xff], this.data + 12);
      this.protocol = kept.proto;
      this.shift(-down);
    }
    this.vlan = { proto, tci };
    return 0;
  }

  vlanPop(): number {
    if (this.vlan) {
      this.vlan = null;
    } else {
      if (!isVlan(this.protocol)) return 0;
      const popped = this.popTag();
      if (popped < 0) return popped;
    }
    if (!isVlan(this.protocol)) return 0;
    const proto = this.protocol;
    const tci = this.popTag();
    if (tci < 0) return tci;
    this.vlan = { proto, tci };
    return 0;
  }

  /** Takes the outer tag out of the packet; its TCI. */
  private popTag(): number {
    const down = this.setup.l2 ? 0 : ETH_HLEN;
    this.shift(down);
    const b = this.bytes();
    if (this.head < ETH_HLEN + 4) {
      this.shift(-down);
      return -Errno.ENOMEM;
    }
    const tci = (b[this.data + 14]! << 8) | b[this.data + 15]!;
    const inner = (b[this.data + 16]! << 8) | b[this.data + 17]!;
    this.remove(12, 4);
    if (inner >= 0x600) this.protocol = inner;
    this.shift(-down);
    return tci;
  }

  /** Moves the start of data back over the Ethernet header and forth again. */
  private shift(by: number): void {
    this.data -= by;
    this.head += by;
  }

  /** As BPF_PROG_TEST_RUN copies it out: programs that do not see the Ethernet header get one of zeros. */
  output(): Uint8Array {
    const linear = this.bytes().subarray(this.data, this.data + this.head);
    const extra = this.setup.l2 ? 0 : ETH_HLEN;
    const out = new Uint8Array(extra + linear.length + this.frags.length);
    out.set(linear, extra);
    out.set(this.frags, extra + linear.length);
    return out;
  }

  /** struct __sk_buff after the run (kernel convert_skb_to___skb). */
  contextOut(): Uint8Array {
    const out = new Uint8Array(F.size);
    if (this.setup.ctx) out.set(this.setup.ctx.subarray(0, this.setup.ctxSize));
    const view = new DataView(out.buffer);
    view.setUint32(F.mark, this.mark, true);
    view.setUint32(F.priority, this.priority, true);
    view.setUint32(F.ingress_ifindex, this.ingressIfindex, true);
    view.setUint32(F.ifindex, this.setup.ifindex, true);
    view.setBigUint64(F.tstamp, this.tstamp, true);
    out.set(this.cb, F.cb);
    view.setUint32(F.wire_len, this.wireLen, true);
    view.setUint32(F.gso_segs, this.gsoSegs, true);
    view.setBigUint64(F.hwtstamp, this.hwtstamp, true);
    return out.subarray(0, this.setup.ctxSize);
  }
}

export const SKB_CTX_SIZE = F.size;
export const SKB_FIELD = F;

/** EtherType, or 0x0004 (802.2) for a length field (kernel eth_type_trans). */
function ethernetProtocol(data: Uint8Array): number {
  const type = ((data[12] ?? 0) << 8) | (data[13] ?? 0);
  if (type >= 0x600) return type;
  return data[14] === 0xff && data[15] === 0xff ? 0x0001 : 0x0004;
}

/** PACKET_HOST 0, PACKET_BROADCAST 1, PACKET_MULTICAST 2, PACKET_OTHERHOST 3 by the destination address. */
function packetType(data: Uint8Array, mac: Uint8Array): number {
  const dst = data.subarray(0, 6);
  if (dst.every((b, i) => b === (mac[i] ?? 0))) return 0;
  // the loopback device's own broadcast address is zero, so ff:ff:ff:ff:ff:ff is multicast there
  if (dst.every((b) => b === 0xff) && mac.some((b) => b !== 0)) return 1;
  return (dst[0]! & 1) !== 0 ? 2 : 3;
}

function isVlan(proto: number): boolean {
  return proto === ETH_P_8021Q || proto === ETH_P_8021AD;
}
