import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { err, ok } from "../base/result.ts";
import type { FetchKernelFile } from "../workers/kernel-store.ts";

/** The project's folder: of a checkout, or of the installed package. */
export const PROJECT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
/** Packs, index and database; BPF_PLAYGROUND_KERNELS names another folder with the same files. */
export const KERNELS = process.env["BPF_PLAYGROUND_KERNELS"] ?? join(PROJECT, "public/kernels");

/** Reads the files that the browser would fetch from disk. */
export function kernelFilesIn(folder: string = KERNELS): FetchKernelFile {
  return async (file) => {
    try {
      return ok(new Uint8Array(await readFile(join(folder, file))));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      return err(code === "ENOENT" ? `public/kernels/${file} is missing` : `public/kernels/${file} cannot be read (${code})`);
    }
  };
}
