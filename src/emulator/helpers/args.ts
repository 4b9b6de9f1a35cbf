import { decodeUtf8 } from "../../base/bytes.ts";
import type { RunEnv } from "../env.ts";
import { badAccess } from "../fault.ts";
import type { Cpu } from "../interp/cpu.ts";
import { SimMap } from "../maps/sim-map.ts";
import type { PacketContext } from "../programs/packet-context.ts";
import type { FlowContext } from "../programs/flow-dissector.ts";
import type { SkbContext } from "../programs/skb-context.ts";
import type { XdpContext } from "../programs/xdp-context.ts";

/** How one argument of a helper is taken out of registers and checked. `regs` is how many registers it uses. */
export interface ArgKind<T> {
  regs: number;
  get(env: RunEnv, reg: number, prior: readonly unknown[]): T;
}

/** A helper or kfunc as the interpreter calls it: arguments are in r1…r5; the result is what r0 gets. */
export type HelperImpl = (env: RunEnv) => bigint | number | void;
export type HelperTable = Readonly<Record<string, HelperImpl>>;

type Values<K extends readonly ArgKind<unknown>[]> = { [I in keyof K]: K[I] extends ArgKind<infer T> ? T : never };

/** Makes a helper from the kinds of its arguments and a body. Results: numbers are sign-extended, nothing is 0. */
export function helper<const K extends readonly ArgKind<unknown>[]>(kinds: K, body: (env: RunEnv, ...args: Values<K>) => bigint | number | void): HelperImpl {
  return (env) => {
    const values: unknown[] = [];
    let reg = 1;
    for (const kind of kinds) {
      values.push(kind.get(env, reg, values));
      reg += kind.regs;
    }
    return body(env, ...(values as Values<K>));
  };
}

/** Puts a result into r0. */
export function setResult(cpu: Cpu, value: bigint | number | void): void {
  if (typeof value === "number") {
    cpu.r[0] = value;
    cpu.r[1] = value < 0 ? -1 : Math.floor(value / 0x1_0000_0000);
  } else {
    cpu.R[0] = value === undefined ? 0n : BigInt.asUintN(64, value);
  }
}

export interface MemRef { address: bigint; size: number }
const MAX_ARG_BYTES = 64 * 1024 * 1024;

function reg(env: RunEnv, index: number): bigint {
  return env.cpu.R[index]!;
}
function sizeOf(env: RunEnv, index: number, what: string): number {
  const size = reg(env, index);
  if (size > BigInt(MAX_ARG_BYTES)) throw badAccess(`${what}: argument ${index} gives a size of ${BigInt.asIntN(64, size)}`);
  return Number(size);
}

/** The kinds. Names say what the kernel's ARG_ types say. */
export const A = {
  u64: { regs: 1, get: (env, i) => reg(env, i) } as ArgKind<bigint>,
  s64: { regs: 1, get: (env, i) => BigInt.asIntN(64, reg(env, i)) } as ArgKind<bigint>,
  u32: { regs: 1, get: (env, i) => env.cpu.r[2 * i]! >>> 0 } as ArgKind<number>,
  s32: { regs: 1, get: (env, i) => env.cpu.r[2 * i]! } as ArgKind<number>,
  /** struct bpf_map * */
  map: {
    regs: 1,
    get(env, i) {
      const object = env.mem.objectAt(reg(env, i));
      if (object instanceof SimMap) return object;
      throw badAccess(`argument ${i}: 0x${reg(env, i).toString(16)} is no map`);
    },
  } as ArgKind<SimMap>,
  /** key of the map before it, copied */
  key: {
    regs: 1,
    get(env, i, prior) {
      return env.mem.read(reg(env, i), (prior.find((p) => p instanceof SimMap) as SimMap).keySize, `argument ${i} (key)`);
    },
  } as ArgKind<Uint8Array>,
  /** value of the map before it, copied */
  value: {
    regs: 1,
    get(env, i, prior) {
      return env.mem.read(reg(env, i), (prior.find((p) => p instanceof SimMap) as SimMap).valueSize, `argument ${i} (value)`);
    },
  } as ArgKind<Uint8Array>,
  /** address of a value of the map before it, to be written */
  valueOut: {
    regs: 1,
    get(env, i, prior) {
      const address = reg(env, i);
      env.mem.bytes(address, (prior.find((p) => p instanceof SimMap) as SimMap).valueSize, true, `argument ${i} (value)`);
      return address;
    },
  } as ArgKind<bigint>,
  /** pointer and size: bytes to read, copied; NULL with size 0 is empty */
  mem: {
    regs: 2,
    get: (env, i) => env.mem.read(reg(env, i), sizeOf(env, i + 1, "memory"), `argument ${i}`),
  } as ArgKind<Uint8Array>,
  /** size and then pointer (bpf_strtol has them the other way round; perf_event_output as here) */
  memOut: {
    regs: 2,
    get(env, i) {
      const size = sizeOf(env, i + 1, "memory");
      env.mem.bytes(reg(env, i), size, true, `argument ${i}`);
      return { address: reg(env, i), size };
    },
  } as ArgKind<MemRef>,
  /** pointer to a 64-bit result */
  outU64: {
    regs: 1,
    get(env, i) {
      env.mem.bytes(reg(env, i), 8, true, `argument ${i}`);
      return reg(env, i);
    },
  } as ArgKind<bigint>,
  /** zero-terminated constant text */
  text: {
    regs: 1,
    get: (env, i) => readText(env, reg(env, i), `argument ${i}`),
  } as ArgKind<string>,
  ctx: { regs: 1, get: (env, i) => reg(env, i) } as ArgKind<bigint>,
  packet: {
    regs: 1,
    get(env, i) {
      if (env.packet && reg(env, i) === env.ctx) return env.packet;
      throw badAccess(`argument ${i} is not the program's packet context`);
    },
  } as ArgKind<PacketContext>,
  skb: {
    regs: 1,
    get(env, i) {
      if (env.packet?.kind === "skb" && reg(env, i) === env.ctx) return env.packet;
      throw badAccess(`argument ${i} is no skb context`);
    },
  } as ArgKind<SkbContext>,
  /** an skb, or the packet of a flow dissector */
  readable: {
    regs: 1,
    get(env, i) {
      if (env.packet && env.packet.kind !== "xdp" && reg(env, i) === env.ctx) return env.packet;
      throw badAccess(`argument ${i} is no skb context`);
    },
  } as ArgKind<SkbContext | FlowContext>,
  xdp: {
    regs: 1,
    get(env, i) {
      if (env.packet?.kind === "xdp" && reg(env, i) === env.ctx) return env.packet;
      throw badAccess(`argument ${i} is no XDP context`);
    },
  } as ArgKind<XdpContext>,
} as const;

/** Bytes up to a zero, inside one region. */
export function readBytesToZero(env: RunEnv, address: bigint, what: string, max = 4096): Uint8Array {
  const region = env.mem.regionAt(address);
  const off = env.mem.offsetOf(address);
  const room = region && off >= 0 ? Math.min(region.stride ? region.elem - (off % region.stride) : region.to - off, max) : 0;
  const bytes = env.mem.bytes(address, Math.max(room, 1), false, what);
  const end = bytes.indexOf(0);
  return bytes.slice(0, end < 0 ? bytes.length : end);
}

export function readText(env: RunEnv, address: bigint, what: string): string {
  return decodeUtf8(readBytesToZero(env, address, what));
}

export function i64(value: number): bigint {
  return BigInt.asUintN(64, BigInt(value));
}
