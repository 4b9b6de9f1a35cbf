/**
 * Boots a real kernel in QEMU's software emulation with an initial root of ours, and hands back what it wrote.
 *
 * Input goes in through the initial root. Output comes back over a second serial port that nobody else writes to
 * (`/dev/ttyS1` in the guest), so that kernel messages never mix with answers; the console is kept for diagnosis.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeCpio, type CpioEntry } from "./cpio.ts";
import { fetchImage } from "./images.ts";

/** What to boot with. */
export interface BootOptions {
  /** A static program to be started as process 1. */
  readonly init: Uint8Array;
  /** Further entries of the initial root. /dev, /proc, /sys, /tmp are there (empty), and /dev/console. */
  readonly files?: readonly CpioEntry[];
  /** Wall-clock limit in seconds (default 120). */
  readonly timeout?: number;
  /** Memory of the machine in MiB (default 1024). */
  readonly memory?: number;
  /** Processors of the machine (default 1). */
  readonly processors?: number;
  /** A file to be seen by the guest as memory of an "ivshmem" PCI device (1af4:1110, BAR 2); its size a power of two. */
  readonly shared?: { readonly path: string; readonly size: number };
  /** Stops the machine. */
  readonly signal?: AbortSignal;
  /** Appended to the kernel's command line. */
  readonly append?: string;
}

/** What came of a boot. */
export interface BootResult {
  /** All that was written to /dev/ttyS1. */
  readonly output: Buffer;
  /** The console: kernel messages and what init wrote to its standard output. */
  readonly console: string;
  /** `exit`: the machine went down or rebooted by itself; `timeout`: it was stopped; `panic`: the kernel panicked. */
  readonly end: "exit" | "timeout" | "panic";
}

/** Boots kernel series `kernel` (see images.ts). Rejects only when QEMU itself can't be started. */
export async function boot(kernel: string, options: BootOptions): Promise<BootResult> {
  const image = fetchImage(kernel);
  const work = mkdtempSync(join(tmpdir(), "oracle-"));
  const initrd = join(work, "initrd");
  const outputFile = join(work, "output");
  writeFileSync(outputFile, "");
  const folders = ["dev", "proc", "sys", "tmp"].map((path): CpioEntry => ({ path, kind: "folder" }));
  writeFileSync(
    initrd,
    writeCpio([
      ...folders,
      { path: "dev/console", kind: "device", major: 5, minor: 1 },
      { path: "init", kind: "file", data: options.init, executable: true },
      ...(options.files ?? []),
    ]),
  );
  // panic=-1 reboots at once and -no-reboot makes QEMU leave; oops=panic turns a killed kernel thread into the same.
  const append = `console=ttyS0 panic=-1 oops=panic nokaslr mitigations=off ${options.append ?? ""}`.trim();
  const args = ["-nodefaults", "-nographic", "-no-reboot", "-accel", "tcg", "-cpu", "max"];
  args.push("-m", String(options.memory ?? 1024), "-smp", String(options.processors ?? 1));
  args.push("-kernel", image.vmlinuz, "-initrd", initrd, "-append", append);
  args.push("-serial", "stdio", "-serial", `file:${outputFile}`);
  if (options.shared) {
    const { path, size } = options.shared;
    args.push("-object", `memory-backend-file,id=shared,share=on,mem-path=${path},size=${size}`, "-device", "ivshmem-plain,memdev=shared");
  }
  try {
    return await new Promise<BootResult>((resolve, reject) => {
      const machine = spawn("qemu-system-x86_64", args, { stdio: ["ignore", "pipe", "pipe"] });
      const said: Buffer[] = [];
      let timedOut = false;
      const stop = () => {
        timedOut = true;
        machine.kill("SIGKILL");
      };
      const timer = setTimeout(stop, (options.timeout ?? 120) * 1000);
      options.signal?.addEventListener("abort", stop, { once: true });
      machine.stdout.on("data", (chunk: Buffer) => said.push(chunk));
      machine.stderr.on("data", (chunk: Buffer) => said.push(chunk));
      machine.on("error", (error) => {
        clearTimeout(timer);
        reject(error);
      });
      machine.on("close", () => {
        clearTimeout(timer);
        const console = Buffer.concat(said).toString("latin1");
        const end = timedOut ? "timeout" : /Kernel panic - not syncing/.test(console) ? "panic" : "exit";
        resolve({ output: readFileSync(outputFile), console, end });
      });
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
