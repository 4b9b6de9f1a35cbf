import { err } from "../base/result.ts";
import { decompressInBrowser, fetchBytes } from "./browser-files.ts";
import { KernelCore } from "./kernel-core.ts";
import { makeDoors } from "./real-doors.ts";

/** The engine in a browser's worker: packs come over HTTP from `kernels/` below the page's folder, which start() names. */
class BrowserKernelCore extends KernelCore {
  private readonly place: { base: string | null };

  constructor(place: { base: string | null }) {
    super({
      fetch: async (file) => (place.base === null ? err("the kernel worker was not told where the page is") : fetchBytes(new URL(`kernels/${file}`, place.base))),
      doors: makeDoors(decompressInBrowser),
    });
    this.place = place;
  }

  /** URL of the page's folder, slash at its end; to be called first. */
  start(base: string): void {
    this.place.base = base;
  }
}

export function browserKernelCore(): BrowserKernelCore {
  return new BrowserKernelCore({ base: null });
}

export type KernelWorkerShell = BrowserKernelCore;
