import { Errno } from "../errno.ts";
import { badAccess } from "../fault.ts";
import type { Memory, Region, RegionHandler } from "../memory/memory.ts";
import { ETH_HLEN, narrow, PAGE_SIZE } from "./packet-context.ts";

export interface XdpSetup {
  data: Uint8Array;
  /** bytes of data that lie before the packet as metadata */
  metaSize: number;
  /** bytes of `data` (metadata included) in the linear part; the rest lies in fragments */
  linear: number;
  headroom: number;
  tailroom: number;
  ingressIfindex: number;
  rxQueueIndex: number;
  /** sizeof(struct xdp_frame): the headroom programs cannot use */
  frameHeader: number;
  /** largest metadata (kernel xdp_metalen_invalid) */
  maxMeta: number;
  name?: string;
}

/** struct xdp_buff and struct xdp_md of a run (kernel 7.3 filter.c, net/bpf/test_run.c). Offsets are from the start of the page. */
export class XdpContext implements RegionHandler {
  readonly kind = "xdp";
  private readonly mem: Memory;
  readonly page: Region;
  readonly region: Region;
  data: number;
  dataEnd: number;
  dataMeta: number;
  frags: Uint8Array;
  readonly setup: XdpSetup;
  egressIfindex = 0;

  constructor(mem: Memory, setup: XdpSetup) {
    this.mem = mem;
    this.setup = setup;
    const start = setup.headroom - setup.metaSize;
    this.page = mem.create("the packet", PAGE_SIZE);
    mem.regionBytes(this.page).set(setup.data.subarray(0, setup.linear), start);
    this.frags = setup.data.slice(setup.linear);
    this.dataMeta = start;
    this.data = setup.headroom;
    this.dataEnd = start + setup.linear;
    this.region = mem.create("the context (struct xdp_md)", 24, { handler: this, object: this });
    this.publish();
  }

  dispose(): void {
    this.mem.release(this.page);
    this.mem.release(this.region);
  }

  private publish(): void {
    this.mem.setWindow(this.page, this.dataMeta, this.dataEnd);
  }

  get length(): number {
    return this.dataEnd - this.data + this.frags.length;
  }

  address(off: number): bigint {
    return this.mem.address(this.page, off);
  }

  /** data, data_end and data_meta are 32-bit fields whose reads give whole pointers (kernel xdp_convert_ctx_access). */
  load(off: number, size: number): bigint {
    const field = off & ~3;
    if (off + size > field + 4) throw badAccess(`read of ${size} bytes at offset ${off} of struct xdp_md`);
    if (field < 12) {
      if (size !== 4) throw badAccess(`read of ${size} bytes at offset ${off} of struct xdp_md: data, data_end and data_meta are read whole`);
      return this.address(field === 0 ? this.data : field === 4 ? this.dataEnd : this.dataMeta);
    }
    const value = field === 12 ? this.setup.ingressIfindex : field === 16 ? this.setup.rxQueueIndex : this.egressIfindex;
    return narrow(BigInt(value >>> 0), off - field, size);
  }

  store(off: number, size: number): void {
    throw badAccess(`write of ${size} bytes at offset ${off} of struct xdp_md: the context is read-only`);
  }

  adjustHead(offset: number): number {
    const meta = this.data - this.dataMeta;
    const data = this.data + offset;
    if (data < this.setup.frameHeader + meta || data > this.dataEnd - ETH_HLEN) return -Errno.EINVAL;
    if (meta > 0) this.mem.regionBytes(this.page).copyWithin(this.dataMeta + offset, this.dataMeta, this.data);
    this.dataMeta += offset;
    this.data = data;
    this.publish();
    return 0;
  }

  adjustMeta(offset: number): number {
    const meta = this.dataMeta + offset;
    if (meta < this.setup.frameHeader || meta > this.data) return -Errno.EINVAL;
    const length = this.data - meta;
    if (length % 4 !== 0 || length > this.setup.maxMeta) return -Errno.EACCES;
    this.dataMeta = meta;
    this.publish();
    return 0;
  }

  adjustTail(offset: number): number {
    if (this.frags.length > 0) return this.adjustFragsTail(offset);
    const end = this.dataEnd + offset;
    if (end > PAGE_SIZE - this.setup.tailroom || end < this.data + ETH_HLEN) return -Errno.EINVAL;
    if (offset > 0) this.mem.regionBytes(this.page).fill(0, this.dataEnd, end);
    this.dataEnd = end;
    this.publish();
    return 0;
  }

  /** kernel bpf_xdp_frags_increase_tail, bpf_xdp_frags_shrink_tail */
  private adjustFragsTail(offset: number): number {
    if (offset >= 0) {
      const last = ((this.frags.length - 1) % PAGE_SIZE) + 1;
      if (offset > PAGE_SIZE - last) return -Errno.EINVAL;
      const grown = new Uint8Array(this.frags.length + offset);
      grown.set(this.frags);
      this.frags = grown;
      return 0;
    }
    const shrink = -offset;
    if (shrink > this.length - ETH_HLEN) return -Errno.EINVAL;
    const fromFrags = Math.min(shrink, this.frags.length);
    this.frags = this.frags.slice(0, this.frags.length - fromFrags);
    this.dataEnd -= shrink - fromFrags;
    this.publish();
    return 0;
  }

  /** Packet bytes over the linear part and fragments; undefined outside. */
  bytesAt(off: number, size: number): Uint8Array | undefined {
    if (off < 0 || off + size > this.length) return undefined;
    const linear = this.mem.regionBytes(this.page).subarray(this.data, this.dataEnd);
    const out = new Uint8Array(size);
    const head = Math.max(0, Math.min(size, linear.length - off));
    if (head > 0) out.set(linear.subarray(off, off + head));
    if (head < size) out.set(this.frags.subarray(off + head - linear.length, off + size - linear.length), head);
    return out;
  }

  setBytes(off: number, bytes: Uint8Array): number {
    if (off < 0 || off + bytes.length > this.length) return -Errno.EINVAL;
    const linear = this.mem.regionBytes(this.page).subarray(this.data, this.dataEnd);
    const head = Math.max(0, Math.min(bytes.length, linear.length - off));
    if (head > 0) linear.set(bytes.subarray(0, head), off);
    if (head < bytes.length) this.frags.set(bytes.subarray(head), off + head - linear.length);
    return 0;
  }

  /** Where bpf_dynptr_slice can point to directly: inside the linear part. */
  linearAddress(off: number, size: number): bigint | undefined {
    return off >= 0 && this.data + off + size <= this.dataEnd ? this.address(this.data + off) : undefined;
  }

  /** From the metadata on, as BPF_PROG_TEST_RUN copies it out. */
  output(): Uint8Array {
    const linear = this.mem.regionBytes(this.page).subarray(this.dataMeta, this.dataEnd);
    const out = new Uint8Array(linear.length + this.frags.length);
    out.set(linear);
    out.set(this.frags, linear.length);
    return out;
  }

  /** struct xdp_md after the run (kernel xdp_convert_buff_to_md): only data and data_end change. */
  contextOut(input: Uint8Array): Uint8Array {
    const out = new Uint8Array(24);
    out.set(input.subarray(0, 24));
    const view = new DataView(out.buffer);
    view.setUint32(0, this.data - this.dataMeta, true);
    view.setUint32(4, this.dataEnd - this.dataMeta, true);
    return out;
  }
}
