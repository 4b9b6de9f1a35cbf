// Instructions per second of the emulator, in Chromium's kernel worker and in Node. See README.md.
import { unwrap } from "../../src/base/result.ts";
import { compileSource } from "../../src/cli/compile-source.ts";
import { Engine } from "../../src/cli/engine.ts";
import { call, type Chromium, program } from "./host.ts";
import { count, median, table } from "./stats.ts";

const KERNEL = "7.2";
const FILE = "run-rounds.bpf.c";

export async function emulatorBench(chromium: Chromium, rounds = 5): Promise<void> {
  const engine = new Engine();
  const made = unwrap(await compileSource(engine, { files: { [FILE]: program(FILE) }, main: FILE }, KERNEL, null, { opt: "-O2", debug: true }));
  const object = made.object!;
  const packet = [...new Uint8Array(256)].map((_, i) => i & 255);
  const page = await chromium.benchPage();
  unwrap(await call(page, "openKernel", KERNEL));
  const names = unwrap(await engine.core.open("run", object)).programs.map((p) => p.name);
  const rows: string[][] = [];
  for (const name of names) {
    const chrome: number[] = [];
    const node: number[] = [];
    let executed = 0;
    for (let round = 0; round < rounds; round++) {
      const inPage = await call(page, "run", KERNEL, name, [...object], packet, 1);
      if (inPage.outcome !== "exited") throw new Error(`${name}: ${inPage.outcome}`);
      executed = inPage.insns;
      chrome.push(inPage.insns / (inPage.ms / 1000));
      const start = performance.now();
      const run = unwrap(await engine.core.run("run", null, { program: name, kernel: KERNEL, dataIn: new Uint8Array(packet), ctxIn: null, repeat: 1, maps: {} }));
      node.push(run.insnsExecuted / ((performance.now() - start) / 1000));
    }
    rows.push([name, count(executed), count(median(chrome)), count(median(node))]);
  }
  console.log(`\nEmulator: executed instructions per second, wall, median of ${rounds}`);
  table(["program", "executed", chromium.version, `Node ${process.versions.node.split(".")[0]}`], rows);
  await page.context().close();
}
