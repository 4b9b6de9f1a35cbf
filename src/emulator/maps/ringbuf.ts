import { Errno } from "../errno.ts";
import type { MapSpec } from "../../loader/types.ts";
import type { Region } from "../memory/memory.ts";
import type { MapDump } from "../types.ts";
import { SimMap, type MapEnv } from "./sim-map.ts";

interface Record { region: Region | null; size: number; length: number; state: "busy" | "submitted" | "discarded"; data: Uint8Array }

const HEADER = 8;
/** kernel RINGBUF_MAX_RECORD_SZ: UINT_MAX / 4 */
const MAX_RECORD = 0x3fffffff;
export const RingbufFlag = { NO_WAKEUP: 1n, FORCE_WAKEUP: 2n, AVAIL_DATA: 0n, RING_SIZE: 1n, CONS_POS: 2n, PROD_POS: 3n, OVERWRITE_POS: 4n } as const;
const F_RB_OVERWRITE = 1 << 19;

/**
 * ringbuf (kernel 7.3 ringbuf.c). Nobody reads while a program runs; `drain` reads afterwards, as a consumer in user space would:
 * in order, up to the first record that is still reserved.
 */
export class RingbufMap extends SimMap {
  private records: Record[] = [];
  private producer = 0;
  private consumer = 0;
  private overwritten = 0;
  private readonly overwrite: boolean;

  constructor(spec: MapSpec, env: MapEnv) {
    super(spec, env);
    this.overwrite = (spec.flags & F_RB_OVERWRITE) !== 0;
  }

  override lookup(): bigint {
    return BigInt.asUintN(64, BigInt(-Errno.ENOTSUPP));
  }
  override update(): number {
    return -Errno.ENOTSUPP;
  }
  override remove(): number {
    return -Errno.ENOTSUPP;
  }

  /** Address of a new record, or 0n when it does not fit. */
  reserve(size: number): bigint {
    const record = this.take(size);
    if (!record) return 0n;
    record.region = this.env.mem.create(`record of ring buffer ${this.name}`, size);
    record.region.object = { ringbuf: this, record };
    return this.env.mem.address(record.region);
  }

  private take(size: number): Record | undefined {
    if (size > MAX_RECORD) return undefined;
    const length = (size + HEADER + 7) & ~7;
    if (length > this.maxEntries) return undefined;
    if (this.overwrite) {
      // in overwrite mode the oldest finished records give way, never one that is being written
      while (this.producer + length - this.overwritten > this.maxEntries - 1) {
        const oldest = this.records[0];
        if (!oldest || oldest.state === "busy") return undefined;
        this.records.shift();
        this.overwritten += oldest.length;
      }
    } else if (this.producer + length - this.consumer > this.maxEntries - 1) {
      return undefined;
    }
    const record: Record = { region: null, size, length, state: "busy", data: EMPTY };
    this.records.push(record);
    this.producer += length;
    return record;
  }

  output(data: Uint8Array): number {
    const record = this.take(data.length);
    if (!record) return -Errno.EAGAIN;
    record.data = data;
    record.state = "submitted";
    return 0;
  }

  query(what: bigint): bigint {
    switch (what) {
      case RingbufFlag.AVAIL_DATA: return BigInt(this.producer - (this.overwrite ? Math.max(this.consumer, this.overwritten) : this.consumer));
      case RingbufFlag.RING_SIZE: return BigInt(this.maxEntries);
      case RingbufFlag.CONS_POS: return BigInt(this.consumer);
      case RingbufFlag.PROD_POS: return BigInt(this.producer);
      case RingbufFlag.OVERWRITE_POS: return BigInt(this.overwritten);
      default: return 0n;
    }
  }

  finish(record: Record, submit: boolean): void {
    if (record.region) {
      record.data = submit ? this.env.mem.regionBytes(record.region).slice() : EMPTY;
      this.env.mem.release(record.region);
      record.region = null;
    }
    record.state = submit ? "submitted" : "discarded";
  }

  /** Consumes finished records. */
  drain(): Uint8Array[] {
    const out: Uint8Array[] = [];
    while (this.records.length > 0 && this.records[0]!.state !== "busy") {
      const record = this.records.shift()!;
      this.consumer = Math.max(this.consumer, this.overwritten) + record.length;
      this.overwritten = Math.max(this.overwritten, this.consumer);
      if (record.state === "submitted") out.push(record.data);
    }
    return out;
  }

  override entries(): MapDump["entries"] {
    return [];
  }
  override count(): number {
    return 0;
  }
}

const EMPTY = new Uint8Array(0);

/** The ring buffer record an address points to the start of. */
export function ringbufRecordAt(object: unknown): { ringbuf: RingbufMap; record: Parameters<RingbufMap["finish"]>[0] } | undefined {
  if (typeof object === "object" && object !== null && "ringbuf" in object && "record" in object) return object as { ringbuf: RingbufMap; record: Record };
  return undefined;
}
