import { badAccess, Fault } from "../fault.ts";
import { describeAddress } from "./describe.ts";
import { newWasmMemory, WASM_PAGE, type WasmMemory } from "./wasm-memory.ts";

/**
 * The simulated 64-bit address space. An address is a region number in the high word and a place in that region in
 * the low word, so finding the region is one subtraction and every access is checked against exactly one object:
 *
 *     0xffff8880_10000000 + (region << 32) + offset
 *
 * The bytes of all regions lie in one WebAssembly memory, at its beginning the table of regions, four 32-bit words each:
 * low word of the first readable byte, readable bytes, writable bytes, place in the linear memory. Interpreter and
 * compiled code use the same table. Regions with handlers or strides have zero lengths there and take the slow way.
 */
export const REGION_HI = 0xffff8880 | 0;
export const ORIGIN = 0x1000_0000;
export const MAX_REGIONS = 16384;
const TABLE_BYTES = MAX_REGIONS * 16;
const INITIAL_PAGES = 16;
export const MAX_PAGES = 8192;
/** largest single region */
export const MAX_REGION_BYTES = 256 * 1024 * 1024;

/** Reads and writes of a region that is computed, not stored (contexts). Offsets are from the region's start; a load may give more bits than its size, where a 32-bit field stands for a pointer. */
export interface RegionHandler {
  load(off: number, size: number): bigint;
  store(off: number, size: number, value: bigint): void;
}

export interface RegionOptions {
  readable?: boolean;
  writable?: boolean;
  /** elements of `elem` bytes every `stride` bytes; an access must stay inside one element */
  stride?: number;
  elem?: number;
  handler?: RegionHandler;
  /** what the address stands for, for helpers that take pointers to kernel things */
  object?: unknown;
  /** loads that miss give 0, as the kernel's exception table does for BTF pointers */
  probe?: boolean;
}

export interface Region {
  readonly id: number;
  readonly name: string;
  /** bytes reserved */
  readonly size: number;
  /** place in linear memory; 0 when the region has no bytes */
  ptr: number;
  /** accessible window, offsets from the region's start */
  from: number;
  to: number;
  readable: boolean;
  writable: boolean;
  stride: number;
  elem: number;
  handler: RegionHandler | null;
  object: unknown;
  probe: boolean;
  live: boolean;
}

export class Memory {
  readonly wasm: WasmMemory;
  u8!: Uint8Array;
  view!: DataView;
  /** four words a region, see above */
  table!: Int32Array;
  private readonly regions: (Region | undefined)[] = [undefined];
  private readonly freeIds: number[] = [];
  private readonly freeBlocks = new Map<number, number[]>();
  private top = TABLE_BYTES;
  /** true: a load from an address of no region gives 0 (programs that follow BTF pointers) */
  probeLoads = false;

  constructor() {
    this.wasm = newWasmMemory(INITIAL_PAGES, MAX_PAGES);
    this.refresh();
  }

  private refresh(): void {
    const buffer = this.wasm.buffer;
    this.u8 = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.table = new Int32Array(buffer, 0, MAX_REGIONS * 4);
  }

  /** Zeroed bytes in the linear memory. Throws a Fault when the simulation's memory is used up. */
  private allocate(size: number): number {
    const block = blockSize(size);
    const free = this.freeBlocks.get(block);
    const reused = free?.pop();
    if (reused !== undefined) {
      this.u8.fill(0, reused, reused + block);
      return reused;
    }
    const at = this.top;
    const end = at + block;
    if (end > this.u8.length) {
      const pages = Math.ceil((end - this.u8.length) / WASM_PAGE);
      const wanted = Math.max(pages, Math.min(this.u8.length / WASM_PAGE, 256));
      if (this.u8.length / WASM_PAGE + pages > MAX_PAGES) throw new Fault("unsupported", `the simulation's memory of ${(MAX_PAGES * WASM_PAGE) >> 20} MiB is used up`);
      try {
        this.wasm.grow(this.u8.length / WASM_PAGE + wanted > MAX_PAGES ? pages : wanted);
      } catch {
        throw new Fault("unsupported", "the host gives the simulation no more memory");
      }
      this.refresh();
    }
    this.top = end;
    return at;
  }

  /**
   * Makes a region of `size` bytes, zeroed. With a handler or size 0 it takes no linear memory.
   * May move the views: no view taken before may be used after.
   */
  create(name: string, size: number, options: RegionOptions = {}): Region {
    if (size > MAX_REGION_BYTES) throw new Fault("unsupported", `${name} takes ${size} bytes; the simulation holds ${MAX_REGION_BYTES} in one piece`);
    const id = this.freeIds.length > 64 ? this.freeIds.shift()! : this.regions.length;
    if (id >= MAX_REGIONS) throw new Fault("unsupported", `more than ${MAX_REGIONS} objects are in use`);
    const region: Region = {
      id, name, size,
      ptr: options.handler || size === 0 ? 0 : this.allocate(size),
      from: 0, to: size,
      readable: options.readable ?? true,
      writable: options.writable ?? true,
      stride: options.stride ?? 0, elem: options.elem ?? 0,
      handler: options.handler ?? null,
      object: options.object,
      probe: options.probe ?? false,
      live: true,
    };
    this.regions[id] = region;
    this.publish(region);
    return region;
  }

  /** Writes the region's row of the table after its window or permissions changed. */
  publish(region: Region): void {
    const t = region.id << 2;
    const slow = !region.live || region.handler !== null || (region.stride !== 0 && region.size > region.elem);
    const length = slow ? 0 : region.to - region.from;
    this.table[t] = ORIGIN + region.from;
    this.table[t + 1] = region.readable ? length : 0;
    this.table[t + 2] = region.writable ? length : 0;
    this.table[t + 3] = region.ptr + region.from;
  }

  setWindow(region: Region, from: number, to: number): void {
    region.from = from;
    region.to = to;
    this.publish(region);
  }

  /** Ends the region: later accesses through its addresses are faults that name it. */
  release(region: Region): void {
    if (!region.live) return;
    region.live = false;
    this.publish(region);
    if (region.ptr !== 0) {
      const block = blockSize(region.size);
      const list = this.freeBlocks.get(block);
      if (list) list.push(region.ptr);
      else this.freeBlocks.set(block, [region.ptr]);
    }
    region.object = undefined;
    region.handler = null;
    this.freeIds.push(region.id);
  }

  address(region: Region, offset = 0): bigint {
    return (BigInt((REGION_HI >>> 0) + region.id) << 32n) + BigInt(ORIGIN + offset);
  }

  regionById(id: number): Region | undefined {
    return this.regions[id];
  }

  /** The live region an address belongs to (its bounds are not checked). */
  regionAt(address: bigint): Region | undefined {
    const id = Number(address >> 32n) - (REGION_HI >>> 0);
    const region = id > 0 ? this.regions[id] : undefined;
    return region?.live ? region : undefined;
  }

  /** Offset of an address from its region's start; may be negative or beyond the end. */
  offsetOf(address: bigint): number {
    return Number(address & 0xffff_ffffn) - ORIGIN;
  }

  /** The kernel thing a pointer stands for, when its region was made for one. */
  objectAt(address: bigint): unknown {
    const region = this.regionAt(address);
    return region && this.offsetOf(address) === 0 ? region.object : undefined;
  }

  /** Place in linear memory of a checked access, or -1. */
  locate(address: bigint, size: number, write: boolean): number {
    const region = this.regionAt(address);
    if (!region || region.handler || !(write ? region.writable : region.readable)) return -1;
    const off = this.offsetOf(address);
    if (off < region.from || off + size > region.to) return -1;
    if (region.stride !== 0 && (off % region.stride) + size > region.elem) return -1;
    return region.ptr + off;
  }

  /** `locate` by region number and low word of the address: what the interpreter asks when the table's row did not do. */
  locateIn(id: number, low: number, size: number, write: boolean): number {
    const region = this.regions[id];
    if (!region?.live || region.handler !== null || !(write ? region.writable : region.readable)) return -1;
    const off = (low - ORIGIN) | 0;
    if (off < region.from || off + size > region.to) return -1;
    if (region.stride !== 0 && (off % region.stride) + size > region.elem) return -1;
    return region.ptr + off;
  }

  /** A view of checked bytes, valid until the next region is made. Throws a Fault that says why not. */
  bytes(address: bigint, size: number, write: boolean, what: string): Uint8Array {
    if (size === 0) return this.u8.subarray(0, 0);
    const at = this.locate(address, size, write);
    if (at < 0) throw badAccess(`${what}: ${this.explain(address, size, write)}`);
    return this.u8.subarray(at, at + size);
  }

  /** A copy of checked bytes. */
  read(address: bigint, size: number, what: string): Uint8Array {
    return this.bytes(address, size, false, what).slice();
  }

  write(address: bigint, data: Uint8Array, what: string): void {
    this.bytes(address, data.length, true, what).set(data);
  }

  /** What probe_read_kernel gives: the bytes, or undefined where nothing is mapped. Contexts cannot be read this way. */
  tryRead(address: bigint, size: number): Uint8Array | undefined {
    if (size === 0) return new Uint8Array(0);
    const region = this.regionAt(address);
    if (!region) return undefined;
    const off = this.offsetOf(address);
    if (region.handler || off < 0 || off + size > region.size || region.ptr === 0) return undefined;
    return this.u8.slice(region.ptr + off, region.ptr + off + size);
  }

  /** A view of all bytes of a region, valid until the next region is made. */
  regionBytes(region: Region): Uint8Array {
    return this.u8.subarray(region.ptr, region.ptr + region.size);
  }

  /** A load the fast way refused: handlers, strided regions, probes; or the Fault. */
  slowLoad(address: bigint, size: number): bigint {
    const region = this.regionAt(address);
    if (region) {
      const off = this.offsetOf(address);
      if (region.handler && region.readable && off >= region.from && off + size <= region.to) return region.handler.load(off, size);
      const at = this.locate(address, size, false);
      if (at >= 0) return this.loadAt(at, size);
      if (region.probe) return 0n;
    } else if (this.probeLoads) {
      return 0n;
    }
    throw badAccess(this.explain(address, size, false));
  }

  slowStore(address: bigint, size: number, value: bigint): void {
    const region = this.regionAt(address);
    if (region) {
      const off = this.offsetOf(address);
      if (region.handler && region.writable && off >= region.from && off + size <= region.to) {
        region.handler.store(off, size, BigInt.asUintN(size * 8, value));
        return;
      }
    }
    const at = this.locate(address, size, true);
    if (at < 0) throw badAccess(this.explain(address, size, true));
    this.storeAt(at, size, value);
  }

  loadAt(at: number, size: number): bigint {
    switch (size) {
      case 1: return BigInt(this.view.getUint8(at));
      case 2: return BigInt(this.view.getUint16(at, true));
      case 4: return BigInt(this.view.getUint32(at, true));
      default: return this.view.getBigUint64(at, true);
    }
  }

  storeAt(at: number, size: number, value: bigint): void {
    switch (size) {
      case 1: this.view.setUint8(at, Number(value & 0xffn)); return;
      case 2: this.view.setUint16(at, Number(value & 0xffffn), true); return;
      case 4: this.view.setUint32(at, Number(value & 0xffff_ffffn), true); return;
      default: this.view.setBigUint64(at, value, true);
    }
  }

  /** Why an access is wrong, in words. */
  explain(address: bigint, size: number, write: boolean): string {
    const id = Number(address >> 32n) - (REGION_HI >>> 0);
    return describeAddress(address, size, write, id > 0 ? this.regions[id] : undefined, ORIGIN);
  }
}

/** Blocks are powers of two from 16 bytes, whole pages above 1 MiB, so that freed ones fit again. */
function blockSize(size: number): number {
  if (size > 1 << 20) return Math.ceil(size / WASM_PAGE) * WASM_PAGE;
  let block = 16;
  while (block < size) block *= 2;
  return block;
}
