// Figures for wasm/README.md: both runners in Chromium, isolated and not.
//   node --import tsx e2e/compiler/try.ts [VMLINUX.H]      default: the tests' own small vmlinux.h
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";
import { createServer } from "vite";
import type { RunnersPage } from "./page.ts";
import { requestFor } from "../../src/compiler/testing/matrix.ts";

const root = resolve(import.meta.dirname, "../..");
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const { kernel, ...rest } = requestFor("tail-call-static.bpf.c", { opt: "-O2", debug: true, mcpu: "v3" });
const vmlinuxH = process.argv[2] ? readFileSync(process.argv[2], "utf8") : kernel!.vmlinuxH;
const request = { ...rest, kernel: "t" };

for (const isolated of [false, true]) {
  const server = await createServer({ root, configFile: false, logLevel: "error", cacheDir: join(root, ".cache/vite-runners"), server: { port: 0, headers: isolated ? isolation : {}, watch: null, hmr: false }, worker: { format: "es" } });
  await server.listen();
  const url = `${server.resolvedUrls!.local[0]}e2e/compiler/page.html`;
  const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    const page = await (await browser.newContext()).newPage();
    page.on("console", (m) => { if (m.type() === "error") console.log("console:", m.text()); });
    page.on("pageerror", (e) => console.log("page error:", e.message));
    for (const runner of isolated ? (["wasi-shim", "wasmer-sdk"] as const) : (["wasi-shim"] as const)) {
      for (const visit of ["first", "second"]) {
        await page.goto(url);
        await page.waitForFunction("window.page !== undefined");
        const loaded = await page.evaluate((r) => (window as unknown as { page: RunnersPage }).page.load(r), runner);
        console.log(`isolated=${isolated} ${runner} ${visit} visit: load ${loaded.ms.toFixed(0)} ms`, loaded.loaded.ok ? JSON.stringify(loaded.loaded.value.timings) : loaded.loaded.error);
        for (let i = 0; i < 8; i++) {
          const r = await page.evaluate(([ru, re, vm]) => (window as unknown as { page: RunnersPage }).page.compile(ru, re, vm), [runner, request, vmlinuxH] as const);
          console.log(`  compile ${r.ms.toFixed(0)} ms`, r.kind === "done" ? `${r.inner.toFixed(0)} inside, object ${r.object?.length}, precompiled ${r.precompiled} ${r.stderr}` : r.kind);
          await page.waitForTimeout(i === 3 ? 4000 : 100);
        }
        if (runner === "wasi-shim") {
          const o = await page.evaluate(([ru, re, vm]) => (window as unknown as { page: RunnersPage }).page.overtake(ru, re, vm, 10), [runner, request, vmlinuxH] as const);
          console.log("  overtaken:", JSON.stringify(o));
        }
      }
    }
  } finally {
    await browser.close();
    await server.close();
  }
}
