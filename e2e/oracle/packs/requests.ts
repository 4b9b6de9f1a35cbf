/**
 * bpf(2) calls told byte for byte, for the agent (probe/agent.c) to carry out in the booted kernel.
 */

/** Commands of bpf(2) that are used here (include/uapi/linux/bpf.h, enum bpf_cmd), and the agent's own. */
export const Command = { MAP_CREATE: 0, PROG_LOAD: 5, BTF_LOAD: 18, OPEN_KERNEL_BTF: 0xffff0001, BREAKPOINT: 0xffff0002 } as const;

/** Offsets in union bpf_attr for BPF_PROG_LOAD (include/uapi/linux/bpf.h); they never change. */
const attrOf = { progType: 0, insnCnt: 4, insns: 8, license: 16, logLevel: 24, logSize: 28, logBuf: 32, progFlags: 44, expectedAttachType: 68, progBtfFd: 72, funcInfoRecSize: 76, funcInfo: 80, funcInfoCnt: 88, attachBtfId: 108, attachFd: 112, fdArray: 120 } as const;

type Fixup = readonly [kind: 0 | 1 | 2 | 3, offset: number, argument: number];

/** One bpf(2) call. */
interface Call {
  readonly cmd: number;
  readonly attr: Buffer;
  readonly fixups?: readonly Fixup[];
  readonly blob?: Buffer;
  /** keep the descriptor it returns in this slot */
  readonly slot?: number;
  /** zero the watched word before, and return it after */
  readonly watch?: boolean;
  /** map the returned map as the watched word */
  readonly map?: boolean;
  /** at most so many bytes of the log (default: all) */
  readonly logMax?: number;
}

/** One answer. */
export interface Answer {
  /** 0, or a negative errno */
  readonly result: number;
  readonly log: string;
  /** the watched word after the call, where asked for */
  readonly watched: bigint;
}

/** What a program to be loaded needs beside its instructions. */
export interface ProgramLoad {
  readonly type: number;
  readonly attach?: number;
  /** BPF_F_SLEEPABLE and others */
  readonly flags?: number;
  readonly attachBtfId?: number;
  /** slot of the module's BTF that attachBtfId is in, or of the program to attach to (ext) */
  readonly attachSlot?: number;
  readonly insns: Buffer;
  /** slots whose descriptors stand in fd_array, from index 1 on */
  readonly fdArray?: readonly number[];
  /** [instruction index, slot]: descriptors to be written into `imm` */
  readonly insnFds?: readonly (readonly [number, number])[];
  readonly logLevel?: number;
  readonly license?: string;
  readonly slot?: number;
  readonly watch?: boolean;
  readonly logMax?: number;
  /** BTF of the program: slot, and (instruction offset, type id) of each function */
  readonly btf?: { readonly slot: number; readonly funcs: readonly (readonly [number, number])[] };
}

/** Collects calls; the answers come back in the same order. */
export class Requests {
  private readonly parts: Buffer[] = [];
  private size = 8;
  count = 0;

  add(call: Call): number {
    const fixups = call.fixups ?? [];
    const blob = call.blob ?? Buffer.alloc(0);
    const attr = Buffer.alloc((call.attr.length + 7) & ~7);
    call.attr.copy(attr);
    const head = Buffer.alloc(28);
    const total = (head.length + attr.length + 8 * fixups.length + blob.length + 7) & ~7;
    head.writeUInt32LE(total, 0);
    head.writeUInt32LE(call.cmd, 4);
    head.writeUInt16LE(attr.length, 8);
    head.writeUInt16LE(fixups.length, 10);
    head.writeUInt8(call.slot ?? 255, 12);
    head.writeUInt8((call.watch ? 1 : 0) | (call.map ? 2 : 0), 13);
    head.writeUInt16LE(call.logMax ?? 0, 14);
    head.writeUInt32LE(blob.length, 16);
    const table = Buffer.alloc(8 * fixups.length);
    fixups.forEach(([kind, offset, argument], i) => {
      table.writeUInt16LE(kind, 8 * i);
      table.writeUInt16LE(offset, 8 * i + 2);
      table.writeUInt32LE(argument >>> 0, 8 * i + 4);
    });
    const whole = Buffer.concat([head, attr, table, blob], total);
    this.parts.push(whole);
    this.size += total;
    return this.count++;
  }

  /** BPF_PROG_LOAD. */
  load(program: ProgramLoad): number {
    const attr = Buffer.alloc(128);
    const fdArrayAt = program.insns.length;
    const fds = Buffer.alloc(program.fdArray ? 4 * (program.fdArray.length + 1) : 0);
    const licenseAt = fdArrayAt + fds.length;
    const license = Buffer.from(`${program.license ?? "GPL"}\0`);
    const funcsAt = (licenseAt + license.length + 3) & ~3;
    const funcs = Buffer.alloc(8 * (program.btf?.funcs.length ?? 0));
    program.btf?.funcs.forEach(([insn, type], i) => {
      funcs.writeUInt32LE(insn, 8 * i);
      funcs.writeUInt32LE(type, 8 * i + 4);
    });
    const blob = Buffer.concat([program.insns, fds, license, Buffer.alloc(funcsAt - licenseAt - license.length), funcs]);
    attr.writeUInt32LE(program.type, attrOf.progType);
    attr.writeUInt32LE(program.insns.length / 8, attrOf.insnCnt);
    attr.writeUInt32LE(program.flags ?? 0, attrOf.progFlags);
    attr.writeUInt32LE(program.attach ?? 0, attrOf.expectedAttachType);
    attr.writeUInt32LE(program.attachBtfId ?? 0, attrOf.attachBtfId);
    attr.writeUInt32LE(program.logLevel ?? 1, attrOf.logLevel);
    const fixups: Fixup[] = [[0, attrOf.insns, 0], [0, attrOf.license, licenseAt]];
    if (program.logLevel !== 0) fixups.push([3, attrOf.logBuf, attrOf.logSize]);
    if (program.attachSlot !== undefined) fixups.push([1, attrOf.attachFd, program.attachSlot]);
    if (program.fdArray) {
      fixups.push([0, attrOf.fdArray, fdArrayAt]);
      program.fdArray.forEach((slot, i) => fixups.push([2, 0, (slot << 24) | (fdArrayAt + 4 * (i + 1))]));
    }
    for (const [insn, slot] of program.insnFds ?? []) fixups.push([2, 0, (slot << 24) | (8 * insn + 4)]);
    if (program.btf) {
      fixups.push([1, attrOf.progBtfFd, program.btf.slot], [0, attrOf.funcInfo, funcsAt]);
      attr.writeUInt32LE(8, attrOf.funcInfoRecSize);
      attr.writeUInt32LE(program.btf.funcs.length, attrOf.funcInfoCnt);
    }
    return this.add({ cmd: Command.PROG_LOAD, attr, fixups, blob, slot: program.slot, watch: program.watch, logMax: program.logMax });
  }

  /** BPF_MAP_CREATE. `btf`: slot of a BTF, key and value type ids in it. */
  createMap(map: { type: number; key: number; value: number; entries: number; flags?: number; slot?: number; map?: boolean; inner?: number; btf?: readonly [number, number, number]; extra?: bigint; structOpsType?: number }): number {
    const attr = Buffer.alloc(80);
    [map.type, map.key, map.value, map.entries, map.flags ?? 0].forEach((value, i) => attr.writeUInt32LE(value, 4 * i));
    const fixups: Fixup[] = [];
    if (map.inner !== undefined) fixups.push([1, 20, map.inner]);
    if (map.btf) {
      fixups.push([1, 48, map.btf[0]]);
      attr.writeUInt32LE(map.btf[1], 52);
      attr.writeUInt32LE(map.btf[2], 56);
    }
    if (map.structOpsType !== undefined) attr.writeUInt32LE(map.structOpsType, 60);
    if (map.extra !== undefined) attr.writeBigUInt64LE(map.extra, 64);
    return this.add({ cmd: Command.MAP_CREATE, attr: attr.subarray(0, map.extra !== undefined ? 72 : 64), fixups, slot: map.slot, map: map.map });
  }

  /** BPF_BTF_LOAD, kept in `slot`. */
  loadBtf(bytes: Buffer, slot: number): number {
    const attr = Buffer.alloc(32);
    attr.writeUInt32LE(bytes.length, 16);
    attr.writeUInt32LE(1, 24);
    return this.add({ cmd: Command.BTF_LOAD, attr, fixups: [[0, 0, 0], [3, 8, 20]], blob: bytes, slot });
  }

  /** Descriptor of the kernel's own BTF of that name ("vmlinux", a module). */
  openKernelBtf(name: string, slot: number): number {
    return this.add({ cmd: Command.OPEN_KERNEL_BTF, attr: Buffer.alloc(8), blob: Buffer.from(`${name}\0`), slot });
  }

  /** From now on the perf_event program in slot `program` runs whenever the kernel executes the address, or the symbol of that name. */
  breakpoint(place: bigint | string, program: number, slot: number): number {
    const attr = Buffer.alloc(16);
    if (typeof place === "bigint") attr.writeBigUInt64LE(place, 0);
    return this.add({ cmd: Command.BREAKPOINT, attr, fixups: [[1, 8, program]], blob: Buffer.from(`${String(place)}\0`), slot });
  }

  encode(): Buffer {
    const head = Buffer.from("BPRQ\0\0\0\0", "latin1");
    head.writeUInt32LE(this.count, 4);
    return Buffer.concat([head, ...this.parts], this.size);
  }
}

/** Takes the agent's RESP section apart. Throws when it does not hold `count` answers. */
export function decodeAnswers(bytes: Buffer, count: number): Answer[] {
  const answers: Answer[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const logLength = bytes.readUInt32LE(at + 4);
    const outLength = bytes.readUInt32LE(at + 8);
    answers.push({ result: bytes.readInt32LE(at), log: bytes.toString("latin1", at + 24, at + 24 + logLength), watched: bytes.readBigUInt64LE(at + 16) });
    at += 24 + ((logLength + outLength + 7) & ~7);
  }
  if (at !== bytes.length) throw new Error(`the agent gave ${bytes.length} bytes of answers, ${at} expected`);
  return answers;
}
