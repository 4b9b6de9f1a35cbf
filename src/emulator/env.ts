import type { Kernel } from "../kernel/types.ts";
import type { BoundProgram } from "../loader/types.ts";
import type { Clock, Random } from "./clock.ts";
import type { Cpu } from "./interp/cpu.ts";
import type { SimMap } from "./maps/sim-map.ts";
import type { Memory } from "./memory/memory.ts";
import type { KernelObjects } from "./objects.ts";
import type { PacketContext } from "./programs/packet-context.ts";
import type { TimerQueue } from "./timers.ts";

/** A network device of the simulation. */
export interface SimDevice { ifindex: number; name: string; mac: Uint8Array; mtu: number }

/** The task that is current while a program runs. */
export interface SimTask { pid: number; tgid: number; uid: number; gid: number; comm: string }

export interface Redirect { ifindex: number; flags: bigint; map?: string; key?: number; peer?: boolean; neigh?: boolean }

/** A route that bpf_fib_lookup finds; addresses as bytes (4 or 16). */
export interface SimRoute { prefix: Uint8Array; length: number; ifindex: number; smac: Uint8Array; dmac: Uint8Array; gateway?: Uint8Array; mtu?: number }

/** What helpers and kfuncs see. One lives as long as its machine; the fields below `run` are of the current run. */
export interface RunEnv {
  readonly mem: Memory;
  readonly kernel: Kernel;
  readonly clock: Clock;
  random: Random;
  readonly objects: KernelObjects;
  readonly timers: TimerQueue;
  readonly devices: readonly SimDevice[];
  readonly routes: SimRoute[];
  readonly cpus: number;
  readonly task: SimTask;
  mapByName(name: string): SimMap | undefined;
  /** run */
  cpuId: number;
  cpu: Cpu;
  program: BoundProgram;
  packet: PacketContext | null;
  /** bytes of the run's data that functions of a custom kernel reach */
  data: { base: bigint; length: number } | null;
  /** address of the context */
  ctx: bigint;
  redirect: Redirect | null;
  /** function address and return value for tracing programs */
  attach: { functionIp: bigint; cookie: bigint; args: number; hasReturn: boolean };
  printk(text: string): void;
  event(map: string, data: Uint8Array): void;
  /** what a program did that has no place elsewhere: "clone redirected to eth0" */
  note(text: string): void;
}
