/**
 * Boots a real kernel with our agent (probe/agent.c) as process 1 and leaves its memory behind as a file.
 *
 * The machine's memory is a file shared with the host: requests are laid into a reserved stretch of it before the
 * boot, answers are read from it afterwards, and everything the kernel built at boot (kfunc tables, BTF objects,
 * helper prototypes) stands in the rest. Addresses are resolved by walking the kernel's own page tables.
 */
import { execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, fstatSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import { cacheFolder } from "../cache.ts";
import { writeCpio, type CpioEntry } from "../cpio.ts";
import { fetchImage } from "../images.ts";

/** Physical address and size of the shared stretch; agent.c and the command line below say the same. */
const sharedBase = 0x1000_0000;
const sharedHalf = 0x0800_0000;
const memorySize = 1024 << 20;

/** A finished run: what the agent answered, and the machine's memory as it left it. */
export interface MachineRun {
  /** the agent's sections by tag: VERS, MODS, SYMS, RESP */
  readonly sections: ReadonlyMap<string, Buffer>;
  readonly console: string;
  /** bytes at a physical address */
  physical(address: number, length: number): Buffer;
  /** forgets the memory */
  close(): void;
}

/** What to boot with. */
export interface MachineOptions {
  /** modules to load, in this order (uncompressed .ko) */
  readonly modules?: readonly { readonly name: string; readonly data: Uint8Array }[];
  /** requests as requests.ts encodes them */
  readonly requests?: Uint8Array;
  /** keep what came of it under .cache/probe, and take that instead of booting when the same is asked again (for work on this code) */
  readonly keep?: boolean;
  /** wall-clock limit in seconds (default 900) */
  readonly timeout?: number;
}

function agentPath(): string {
  const source = new URL("./probe/agent.c", import.meta.url).pathname;
  const target = join(cacheFolder("probe"), "agent");
  if (!existsSync(target) || statSync(target).mtimeMs < statSync(source).mtimeMs) {
    execFileSync("gcc", ["-static", "-O2", "-Wall", "-o", target, source], { stdio: "inherit" });
  }
  return target;
}

/** Boots kernel series `kernel` and waits for the agent to finish. Throws when the machine stops early; the message holds the console's end. */
export async function runMachine(kernel: string, options: MachineOptions = {}): Promise<MachineRun> {
  const image = fetchImage(kernel);
  const modules = options.modules ?? [];
  const kept = options.keep ? keptPath(kernel, image.release, options) : null;
  if (kept && existsSync(kept)) {
    const fd = openSync(kept, "r");
    return finished(kernel, fd, "", () => closeSync(fd));
  }
  const work = mkdtempSync(join(tmpdir(), "packs-"));
  const memory = join(work, "memory");
  const entries: CpioEntry[] = ["dev", "proc", "sys", "tmp"].map((path) => ({ path, kind: "folder" }));
  entries.push({ path: "dev/console", kind: "device", major: 5, minor: 1 });
  entries.push({ path: "dev/mem", kind: "device", major: 1, minor: 1 });
  entries.push({ path: "init", kind: "file", data: readFileSync(agentPath()), executable: true });
  entries.push({ path: "modules.list", kind: "file", data: Buffer.from(modules.map(({ name }) => `/modules/${name}.ko\n`).join("")) });
  for (const { name, data } of modules) entries.push({ path: `modules/${name}.ko`, kind: "file", data });
  const initrd = join(work, "initrd");
  writeFileSync(initrd, writeCpio(entries));
  const fd = openSync(memory, "w+");
  const close = (): void => {
    closeSync(fd);
    rmSync(work, { recursive: true, force: true });
  };
  ftruncateSync(fd, memorySize);
  if (options.requests) {
    if (options.requests.length > sharedHalf) throw new Error(`${options.requests.length} bytes of requests do not fit in ${sharedHalf}`);
    writeSync(fd, options.requests, 0, options.requests.length, sharedBase);
  }
  // no_timer_check: a busy host may give the machine no tick in time. no5lvl: the page-table walk below knows four levels. memmap=X$Y takes the shared stretch out of the kernel's hands.
  const append = `console=ttyS0 quiet loglevel=4 panic=-1 oops=panic nokaslr no5lvl no_timer_check mitigations=off memmap=0x${(2 * sharedHalf).toString(16)}$0x${sharedBase.toString(16)}`;
  const args = ["-n", "10", "qemu-system-x86_64", "-nodefaults", "-nographic", "-no-reboot", "-accel", "tcg", "-cpu", "max", "-smp", "1"];
  args.push("-m", "1024", "-object", `memory-backend-file,id=ram,size=1024M,mem-path=${memory},share=on`, "-machine", "pc,memory-backend=ram");
  args.push("-kernel", image.vmlinuz, "-initrd", initrd, "-append", append, "-serial", "stdio", "-device", "isa-debug-exit,iobase=0xf4");
  const console = await new Promise<string>((resolve, reject) => {
    const machine = spawn("nice", args, { stdio: ["ignore", "pipe", "pipe"] });
    const said: Buffer[] = [];
    const timer = setTimeout(() => machine.kill("SIGKILL"), (options.timeout ?? 900) * 1000);
    machine.stdout.on("data", (chunk: Buffer) => said.push(chunk));
    machine.stderr.on("data", (chunk: Buffer) => said.push(chunk));
    machine.on("error", reject);
    machine.on("close", () => {
      clearTimeout(timer);
      resolve(Buffer.concat(said).toString("latin1"));
    });
  });
  const run = finished(kernel, fd, console, close);
  if (kept) execFileSync("cp", ["--sparse=always", memory, kept]);
  return run;
}

function keptPath(kernel: string, release: string, options: MachineOptions): string {
  const hash = createHash("sha256").update(release).update(readFileSync(agentPath())).update(options.requests ?? "");
  for (const { name, data } of options.modules ?? []) hash.update(name).update(data);
  return join(cacheFolder("probe"), `${kernel}-${hash.digest("hex").slice(0, 16)}.memory`);
}

function finished(kernel: string, fd: number, console: string, close: () => void): MachineRun {
  const physical = (address: number, length: number): Buffer => {
    const out = Buffer.alloc(length);
    if (address < 0 || address + length > fstatSync(fd).size) throw new Error(`physical address 0x${address.toString(16)} is outside the machine's memory`);
    readSync(fd, out, 0, length, address);
    return out;
  };
  const sections = new Map<string, Buffer>();
  let at = sharedBase + sharedHalf;
  for (;;) {
    const head = physical(at, 8);
    const length = head.readUInt32LE(4);
    const tag = head.toString("latin1", 0, 4);
    if (!/^[A-Z]{4}$/.test(tag)) break;
    sections.set(tag, physical(at + 8, length));
    at += 8 + length + (-length & 7);
    if (tag === "DONE") return { sections, console, physical, close };
  }
  close();
  throw new Error(`kernel ${kernel}: the agent did not finish (last section: ${[...sections.keys()].at(-1) ?? "none"}); the console ends with:\n${console.slice(-2000)}`);
}
