/**
 * The memory shared with the runner: a request goes in before boot, records come out of a ring while it runs.
 * The layout is that of runner/runner.h. Nothing passes a serial line, so a chatty kernel can't damage an answer,
 * and what was written before a crash is kept.
 */
import { closeSync, existsSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const magic = 0x4c4341524f465042n;
const headerSize = 4096;
const ringSize = 1 << 26;
const headAt = 40;
const tailAt = 48;

/** Most bytes a request may have. */
export const inputLimit = (1 << 29) - ringSize - headerSize;

/** What the runner reports; numbers as in runner.h. */
export const RecordType = {
  ready: 1,
  object: 2,
  program: 3,
  begin: 4,
  message: 5,
  fail: 6,
  verdict: 7,
  log: 8,
  xlated: 9,
  end: 10,
  step: 11,
  map: 12,
  entry: 13,
  trace: 14,
  done: 15,
} as const;

/** One record of the runner. */
export interface RunnerRecord {
  readonly type: number;
  readonly payload: Buffer;
}

/** The host's end of the channel. Close it when the machine is down. */
export class Channel {
  readonly path: string;
  readonly size: number;
  readonly #fd: number;
  readonly #ringAt: number;
  #tail = 0;

  constructor(input: Buffer) {
    if (input.length > inputLimit) throw new Error(`the request has ${input.length} bytes, the channel takes ${inputLimit}`);
    this.#ringAt = headerSize + ((input.length + 4095) & ~4095);
    this.size = 1 << 27;
    while (this.size < this.#ringAt + ringSize) this.size *= 2;
    const folder = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
    this.path = join(folder, `oracle-channel-${process.pid}-${Math.random().toString(36).slice(2)}`);
    this.#fd = openSync(this.path, "wx+");
    ftruncateSync(this.#fd, this.size);
    const header = Buffer.alloc(headerSize);
    [magic, BigInt(headerSize), BigInt(input.length), BigInt(this.#ringAt), BigInt(ringSize)].forEach((value, i) => header.writeBigUInt64LE(value, i * 8));
    writeSync(this.#fd, header, 0, header.length, 0);
    writeSync(this.#fd, input, 0, input.length, headerSize);
  }

  /** Takes all records that have arrived since the last call. */
  drain(): RunnerRecord[] {
    const word = Buffer.alloc(8);
    readSync(this.#fd, word, 0, 8, headAt);
    const head = Number(word.readBigUInt64LE());
    const bytes = Buffer.alloc(head - this.#tail);
    for (let done = 0; done < bytes.length; ) {
      const start = (this.#tail + done) % ringSize;
      done += readSync(this.#fd, bytes, done, Math.min(bytes.length - done, ringSize - start), this.#ringAt + start);
    }
    this.#tail = head;
    word.writeBigUInt64LE(BigInt(head));
    writeSync(this.#fd, word, 0, 8, tailAt);
    const records: RunnerRecord[] = [];
    for (let at = 0; at + 8 <= bytes.length; ) {
      const length = bytes.readUInt32LE(at + 4);
      records.push({ type: bytes.readUInt32LE(at), payload: bytes.subarray(at + 8, at + 8 + length) });
      at += 8 + ((length + 3) & ~3);
    }
    return records;
  }

  close(): void {
    closeSync(this.#fd);
    rmSync(this.path, { force: true });
  }
}

/** Writes a request in the form the runner's take_… functions read. */
export class RequestWriter {
  readonly #parts: Buffer[] = [];

  u32(value: number): this {
    const word = Buffer.alloc(4);
    word.writeUInt32LE(value >>> 0);
    this.#parts.push(word);
    return this;
  }

  bytes(data: Uint8Array): this {
    this.u32(data.length);
    this.#parts.push(Buffer.from(data.buffer, data.byteOffset, data.length), Buffer.alloc(-data.length & 3));
    return this;
  }

  string(text: string): this {
    return this.bytes(Buffer.from(`${text}\0`));
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
