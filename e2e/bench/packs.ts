import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KernelIndex } from "../../src/kernel/types.ts";
import { call, root, type Chromium } from "./host.ts";

/** From a pack's arrival to a usable kernel; 150 ms is the target. */
const TARGET_MS = 150;

/**
 * Opens every pack in Chromium twice: as the first of a new page, whose code has not run yet, and behind another. The file lies in
 * the browser's cache, so what is counted is taking it out of there, unpacking, parsing and making the kernel. The peer is the
 * browser's own unpacking of the same bytes.
 */
export async function packsBench(chromium: Chromium): Promise<void> {
  const index = JSON.parse(readFileSync(join(root, "public/kernels/index.json"), "utf8")) as KernelIndex;
  console.log("\npacks: ms from the file's arrival to a usable kernel");
  const worst = { cold: 0, warm: 0 };
  for (const { kernel, file, bytes } of index.kernels) {
    const page = await chromium.benchPage();
    const unpack = await call(page, "fetchPack", file);
    const cold = await call(page, "openPack", kernel);
    const other = await chromium.benchPage();
    await call(other, "openPack", kernel === "7.2" ? "7.1" : "7.2");
    await call(other, "fetchPack", file);
    const warm = await call(other, "openPack", kernel);
    await page.context().close();
    await other.context().close();
    worst.cold = Math.max(worst.cold, cold);
    worst.warm = Math.max(worst.warm, warm);
    console.log(`  ${kernel.padEnd(5)} ${(bytes / 1e6).toFixed(2)} MB  first ${cold.toFixed(0).padStart(4)}  later ${warm.toFixed(0).padStart(4)}  unpacking alone ${unpack.toFixed(0).padStart(4)} (ratio ${(warm / unpack).toFixed(1)})`);
  }
  for (const [name, ms] of Object.entries(worst)) console.log(`  slowest ${name === "cold" ? "first" : "later"} opening ${ms.toFixed(0)} ms: target of ${TARGET_MS} ms ${ms <= TARGET_MS ? "met" : "missed"}`);
}
