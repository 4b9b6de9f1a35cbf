// Warm compiles and verdicts in Chromium and Node against native clang-22, in turns. See README.md.
import { unwrap } from "../../src/base/result.ts";
import { createNodeCompiler } from "../../src/compiler/node.ts";
import { call, type Chromium, program } from "./host.ts";
import { NativeClang } from "./native.ts";
import { cpuOf, median, ms, ratio, table } from "./stats.ts";

const FILE = "xdp-60.bpf.c";
const KERNEL = "7.2";
const TARGET_RATIO = 1;
const TARGET_VERDICT_MS = 50;

/** The program with a small edit of its own each time, so that nothing can be kept by its text. */
const edited = (text: string, round: number): string => text.replace("#define BLOCKED_PORT 9999", `#define BLOCKED_PORT ${9999 - round}`);

interface Series { name: string; wall: number[]; cpu: number }

export async function compileBench(chromium: Chromium, rounds = 15): Promise<void> {
  const text = program(FILE);
  const page = await chromium.benchPage();
  unwrap(await call(page, "load"));
  unwrap(await call(page, "openKernel", KERNEL));
  const vmlinuxH = unwrap(await call(page, "vmlinuxH", KERNEL));
  const native = new NativeClang(vmlinuxH);
  const node = unwrap(await createNodeCompiler());
  const kernel = { key: KERNEL, vmlinuxH };
  const renderer = await chromium.rendererPid();
  const request = (round: number) => ({ files: { [FILE]: edited(text, round) }, mainFiles: [FILE], opt: "-O2" as const, debug: true });

  // Warm: the first compile, the precompiled header that is made when the page rests, and the engine's own warming up.
  for (let i = 0; i < 2; i++) await call(page, "compile", { ...request(100 + i), kernel: KERNEL, usePrecompiled: false });
  for (let i = 0, precompiled = false; i < 20 && !precompiled; i++) {
    precompiled = (await call(page, "compile", { ...request(200 + i), kernel: KERNEL })).precompiled;
    if (!precompiled) await page.waitForTimeout(3000);
  }
  for (let i = 0; i < 3; i++) await call(page, "compile", { ...request(300 + i), kernel: KERNEL });
  for (let i = 0; i < 2; i++) {
    await node.compile({ ...request(400 + i), kernel, usePrecompiled: false });
    await node.compile({ ...request(500 + i), kernel });
    await call(page, "judge", KERNEL, null, null);
    if (native.version) native.compile(FILE, edited(text, 600 + i));
  }

  const series: Series[] = [];
  const ofPage = () => cpuOf(renderer)?.own;
  const ofNode = () => cpuOf(process.pid)?.own;
  const timed = async (name: string, cpu: () => number | undefined, work: () => Promise<number>): Promise<void> => {
    const before = cpu() ?? Number.NaN;
    const wall = await work();
    let row = series.find((s) => s.name === name);
    if (!row) series.push((row = { name, wall: [], cpu: 0 }));
    row.wall.push(wall);
    row.cpu += (cpu() ?? Number.NaN) - before;
  };
  const inPage = (round: number, usePrecompiled: boolean) => async (): Promise<number> => {
    const made = await call(page, "compile", { ...request(round), kernel: KERNEL, usePrecompiled });
    if (!made.ok || made.precompiled !== usePrecompiled) throw new Error(`the compile is not what it should be: ${JSON.stringify(made)}`);
    return made.ms;
  };
  const inNode = (round: number, usePrecompiled: boolean) => async (): Promise<number> => {
    const start = performance.now();
    const made = await node.compile({ ...request(round), kernel, usePrecompiled });
    if (!made.ok || made.objects[0]!.precompiled !== usePrecompiled) throw new Error(`the compile is not what it should be: ${made.stderr}`);
    return performance.now() - start;
  };
  for (let round = 0; round < rounds; round++) {
    if (native.version) {
      await timed(NATIVE, () => cpuOf(process.pid)?.children, async () => native.compile(FILE, edited(text, round)));
    }
    await timed("page, precompiled header", ofPage, inPage(round, true));
    await timed("page, object to verdict", ofPage, async () => (await call(page, "judge", KERNEL, null, null)).ms);
    await timed("page, no precompiled header", ofPage, inPage(round, false));
    await timed("Node, precompiled header", ofNode, inNode(round, true));
    await timed("Node, no precompiled header", ofNode, inNode(round, false));
  }
  native.close();
  await page.context().close();

  console.log(`\nWarm compile of a ${text.split("\n").length}-line XDP program with vmlinux.h of ${KERNEL}, -O2 -g; ${rounds} rounds in turns; ${native.version ?? "no native clang-22 here: no ratios"}`);
  const peer = series.find((s) => s.name === NATIVE);
  table(["", "median", "of native", "processor", "of native"], series.map((s) => [
    s.name, ms(median(s.wall)), peer ? ratio(median(s.wall) / median(peer.wall)) : "-",
    ms(s.cpu / s.wall.length), peer ? ratio(s.cpu / peer.cpu) : "-",
  ]));
  const page1 = series.find((s) => s.name === "page, precompiled header")!;
  const verdict = series.find((s) => s.name === "page, object to verdict")!;
  if (peer) console.log(`  target: page at most ${ratio(TARGET_RATIO)} of native: ${median(page1.wall) <= TARGET_RATIO * median(peer.wall) ? "met" : "NOT met"}`);
  console.log(`  target: verdict under ${TARGET_VERDICT_MS} ms on top: ${median(verdict.wall) < TARGET_VERDICT_MS ? "met" : "NOT met"} (${ratio(median(verdict.wall) / median(page1.wall))} of the compile)`);
}

const NATIVE = "native clang-22";
