import { ORIGIN, REGION_HI, type Memory, type Region } from "../memory/memory.ts";
import { roundUp8 } from "./sim-map.ts";

const CHUNK_BYTES = 64 * 1024;

/** Memory for the values of maps whose elements come and go: chunks of equal slots, one region a chunk and copy (CPU). */
export class Slots {
  private readonly mem: Memory;
  private readonly name: string;
  private readonly elem: number;
  private readonly stride: number;
  private readonly perChunk: number;
  private readonly copies: number;
  private readonly chunks: Region[][] = [];
  private readonly free: number[] = [];
  private next = 0;

  /** `limit`: most slots that will be in use at once, for sizing the chunks. */
  constructor(mem: Memory, name: string, elem: number, limit: number, copies: number) {
    this.mem = mem;
    this.name = name;
    this.elem = elem;
    this.stride = roundUp8(elem);
    this.perChunk = Math.max(1, Math.min(limit, Math.max(1, Math.floor(CHUNK_BYTES / Math.max(this.stride, 8)))));
    this.copies = copies;
  }

  /** A slot, its contents zeroed. Freed slots are taken again in the order they were freed. */
  allocate(): number {
    const reused = this.free.length > 8 || this.next >= 1 << 28 ? this.free.shift() : undefined;
    const slot = reused ?? this.next++;
    const chunk = Math.floor(slot / this.perChunk);
    if (chunk >= this.chunks.length) {
      const size = (this.perChunk - 1) * this.stride + this.elem;
      const regions: Region[] = [];
      for (let c = 0; c < this.copies; c++) regions.push(this.mem.create(this.name, size, { stride: this.stride, elem: this.elem }));
      this.chunks.push(regions);
    } else if (reused !== undefined) {
      for (let c = 0; c < this.copies; c++) this.bytes(slot, c).fill(0);
    }
    return slot;
  }

  release(slot: number): void {
    this.free.push(slot);
  }

  address(slot: number, copy: number): bigint {
    return this.mem.address(this.chunks[Math.floor(slot / this.perChunk)]![copy]!, (slot % this.perChunk) * this.stride);
  }

  /** The slot's address as the halves of r0. */
  place(slot: number, copy: number, r: Int32Array): void {
    const chunk = Math.floor(slot / this.perChunk);
    r[0] = ORIGIN + (slot - chunk * this.perChunk) * this.stride;
    r[1] = REGION_HI + this.chunks[chunk]![copy]!.id;
  }

  /** A view of the slot's bytes, valid until the next region is made. */
  bytes(slot: number, copy: number): Uint8Array {
    const region = this.chunks[Math.floor(slot / this.perChunk)]![copy]!;
    const at = region.ptr + (slot % this.perChunk) * this.stride;
    return this.mem.u8.subarray(at, at + this.elem);
  }
}
