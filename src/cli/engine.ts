import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliDecompress, gunzip } from "node:zlib";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { Compiler } from "../compiler/compiler.ts";
import { parseOverlay } from "../kernel/overlay.ts";
import { newestKernel, selectKernels } from "../kernel/releases.ts";
import { KernelCore } from "../workers/kernel-core.ts";
import { makeDoors } from "../workers/real-doors.ts";
import { kernelFilesIn } from "./kernel-files.ts";

const inflaters = { gzip: promisify(gunzip), brotli: promisify(brotliDecompress) };

function decompressInNode(encoding: "gzip" | "brotli", bytes: Uint8Array): Promise<Uint8Array> {
  return inflaters[encoding](bytes);
}

/** The simulation and, when a command needs it, the compiler. */
export class Engine {
  /** A command opens all of its objects, one a kernel, before it asks about the first. */
  readonly core = new KernelCore({ fetch: kernelFilesIn(), doors: makeDoors(decompressInNode), maxObjects: Infinity });
  private making: Promise<Result<Compiler, string>> | null = null;

  compiler(): Promise<Result<Compiler, string>> {
    this.making ??= import("../compiler/node.ts").then((node) => node.createNodeCompiler());
    return this.making;
  }
}

/** The kernels a command was asked for, and the custom kernel's document. */
export interface KernelChoice {
  kernels: readonly string[];
  /** JSON text, or null */
  overlay: string | null;
  /** the overlay's name, or null */
  lab: string | null;
}

/** Reads `--kernel` and `--lab`. Without --kernel: the overlay's base, else the newest. */
export async function chooseKernels(engine: Engine, options: ReadonlyMap<string, string>, one: boolean): Promise<Result<KernelChoice, string>> {
  const index = await engine.core.store.index();
  if (!index.ok) return index;
  let overlay: string | null = null;
  let lab: string | null = null;
  let base: string | undefined;
  const labFile = options.get("--lab");
  if (labFile !== undefined) {
    const file = await readInput(labFile);
    if (!file.ok) return file;
    const parsed = parseOverlay(file.value);
    if (!parsed.ok) return err(`${labFile}: ${parsed.error}`);
    overlay = new TextDecoder().decode(file.value);
    lab = parsed.value.name;
    base = parsed.value.base;
  }
  const spec = options.get("--kernel") ?? base ?? newestKernel(index.value);
  if (spec === undefined) return err("there are no kernels (public/kernels/index.json is empty)");
  const kernels = selectKernels(spec, index.value);
  if (!kernels.ok) return kernels;
  if (one && kernels.value.length !== 1) return err(`--kernel takes one kernel here, not "${spec}"`);
  return ok({ kernels: kernels.value, overlay, lab });
}

/** A file's bytes; the error is one line without a stack trace. */
export async function readInput(path: string): Promise<Result<Uint8Array, string>> {
  try {
    return ok(new Uint8Array(await readFile(path)));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "is a folder" : code === "EACCES" ? "may not be read" : `cannot be read (${code})`;
    return err(`${path}: ${why}`);
  }
}
