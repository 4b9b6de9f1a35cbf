import { ok, type Result } from "../../base/result.ts";
import type { LabField, LabProgramType } from "../../kernel/lab/types.ts";
import type { RunEnv } from "../env.ts";
import { badAccess } from "../fault.ts";
import type { Region, RegionHandler } from "../memory/memory.ts";
import type { RunRequest } from "../types.ts";
import { refuse, type Prepared, type PrepareProblem } from "./prepared.ts";

const MAX_DATA = 65_536;

/**
 * The context of a program type that a custom kernel brought: ctx_in fills its fields, data_in is what lies between
 * data and data_end and what the kernel's functions reach by data(). Both are given back after the run. Pointers lead to
 * made-up objects; one that may be NULL is so where ctx_in has it and it is zero.
 */
export function prepareLab(env: RunEnv, type: LabProgramType, request: RunRequest): Result<Prepared, PrepareProblem> {
  const input = request.ctxIn ?? new Uint8Array(0);
  if (input.subarray(type.size).some((b) => b !== 0)) return refuse("E2BIG", `ctx_in is longer than struct ${type.struct} (${type.size} bytes) and not zero there`);
  const data = request.dataIn ?? new Uint8Array(0);
  if (data.length > MAX_DATA) return refuse("EINVAL", `data_in has ${data.length} bytes; ${MAX_DATA} are the most`);
  const bytes = new Uint8Array(type.size);
  bytes.set(input.subarray(0, type.size));
  for (const field of type.fields) if (field.role !== "scalar") bytes.fill(0, field.off, field.off + field.size);
  const pointers = type.fields.filter((f) => f.pointer);
  for (const field of pointers) fillPointer(env, field, bytes, input);
  const context = new LabContext(env, type, bytes, data);
  env.data = { base: context.dataAddress, length: data.length };
  return ok({
    ctx: context.address, packet: null,
    dataOut: () => (request.dataIn ? context.dataBytes() : null),
    ctxOut: () => {
      const out = context.bytes();
      // Addresses are the kernel's own business.
      for (const { off, size } of pointers) out.fill(0, off, off + size);
      return out;
    },
    again: () => context.reset(),
    dispose: () => context.dispose(),
  });
}

function fillPointer(env: RunEnv, { name, off, size, pointer }: LabField, bytes: Uint8Array, input: Uint8Array): void {
  bytes.fill(0, off, off + size);
  if (!pointer?.known || (pointer.mayBeNull && input.length >= off + size && input.subarray(off, off + size).every((b) => b === 0))) return;
  const address = pointer.struct === "task_struct" ? env.objects.currentTask() : env.objects.single(pointer.struct, `struct ${pointer.struct} (${name} of the context)`);
  new DataView(bytes.buffer).setBigUint64(off, address, true);
}

class LabContext implements RegionHandler {
  private readonly env: RunEnv;
  private readonly type: LabProgramType;
  private readonly backing: Region;
  private readonly data: Region;
  private readonly front: Region;
  private readonly initial: Uint8Array;
  private readonly packet: readonly LabField[];

  constructor(env: RunEnv, type: LabProgramType, bytes: Uint8Array, data: Uint8Array) {
    this.env = env;
    this.type = type;
    this.initial = bytes;
    this.packet = type.fields.filter((f) => f.role !== "scalar");
    const name = `the context (struct ${type.struct})`;
    this.data = env.mem.create("the data of the run", data.length);
    this.backing = env.mem.create(name, Math.max(type.size, 1));
    // Fields that stand for pointers are computed; without any the context is plain memory.
    this.front = this.packet.length === 0 ? this.backing : env.mem.create(name, Math.max(type.size, 1), { handler: this });
    if (data.length > 0) env.mem.regionBytes(this.data).set(data);
    this.reset();
  }

  get address(): bigint {
    return this.env.mem.address(this.front);
  }
  get dataAddress(): bigint {
    return this.env.mem.address(this.data);
  }
  bytes(): Uint8Array {
    return this.env.mem.regionBytes(this.backing).slice(0, this.type.size);
  }
  dataBytes(): Uint8Array {
    return this.data.size === 0 ? new Uint8Array(0) : this.env.mem.regionBytes(this.data).slice();
  }
  reset(): void {
    this.env.mem.regionBytes(this.backing).set(this.initial);
  }
  dispose(): void {
    for (const region of new Set([this.data, this.backing, this.front])) this.env.mem.release(region);
  }

  load(off: number, size: number): bigint {
    const field = this.packet.find((f) => off < f.off + f.size && off + size > f.off);
    if (!field) return this.env.mem.loadAt(this.backing.ptr + off, size);
    if (off !== field.off || size !== field.size) throw badAccess(`read of ${size} bytes at offset ${off} of struct ${this.type.struct}: ${field.name} is read whole`);
    return this.env.mem.address(this.data, field.role === "data" ? 0 : this.data.size);
  }

  store(off: number, size: number, value: bigint): void {
    const field = this.packet.find((f) => off < f.off + f.size && off + size > f.off);
    if (field) throw badAccess(`write of ${size} bytes at offset ${off} of struct ${this.type.struct}: ${field.name} cannot be written`);
    this.env.mem.storeAt(this.backing.ptr + off, size, value);
  }
}
