// A first visit from an empty cache, step by step, and a second one. See README.md.
import { call, bytesServed, type Chromium, program } from "./host.ts";
import { verdict } from "../browser/page.ts";
import { megabytes, ms, table } from "./stats.ts";
import { unwrap } from "../../src/base/result.ts";

const KERNEL = "7.2";
const FILE = "xdp-60.bpf.c";

export async function visitBench(chromium: Chromium): Promise<void> {
  // Each step by itself, one after another, in a context of its own.
  const page = await chromium.benchPage();
  const steps: [string, number][] = [];
  const clang = await call(page, "steps", "toolchain/clang.wasm.br");
  for (const [name, took] of Object.entries(clang.times)) steps.push([`clang.wasm: ${name}`, took]);
  const load = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    const start = performance.now();
    await work();
    steps.push([name, performance.now() - start]);
  };
  await load("clang and headers as the page loads them (the three overlapped, kept for the next visit)", async () => unwrap(await call(page, "load")));
  await load(`kernel ${KERNEL}: fetch, unpack, index`, async () => unwrap(await call(page, "openKernel", KERNEL)));
  await load(`vmlinux.h of ${KERNEL}: print`, async () => unwrap(await call(page, "vmlinuxH", KERNEL)));
  const request = { files: { [FILE]: program(FILE) }, mainFiles: [FILE], opt: "-O2" as const, debug: true, kernel: KERNEL };
  await load("first object", () => call(page, "compile", request));
  await load("first verdict", () => call(page, "judge", KERNEL, null, null));
  await page.context().close();
  console.log("\nA first visit, step by step (host on this machine: no network time)");
  table(["step", "time"], steps.map(([name, took]) => [name, ms(took)]));

  // The real page, everything at once.
  chromium.host.requests.length = 0;
  const context = await chromium.fresh();
  const real = await context.newPage();
  for (const visit of ["first", "second"]) {
    if (visit === "second") chromium.host.requests.length = 0;
    const start = performance.now();
    await real.goto(chromium.host.url);
    await verdict(real, /./, KERNEL);
    const took = performance.now() - start;
    const bytes = bytesServed(chromium.host);
    const total = Object.values(bytes).reduce((a, b) => a + b, 0);
    console.log(`  the page, ${visit} visit: ${ms(took)} to the first verdict; ${megabytes(total)} from the host, which compresses nothing (${Object.entries(bytes).map(([part, n]) => `${part} ${megabytes(n)}`).join(", ")})`);
    if (visit === "first") await real.waitForTimeout(3000);
  }
  await context.close();
}
