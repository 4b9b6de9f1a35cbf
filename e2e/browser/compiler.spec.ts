import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createServer, type ViteDevServer } from "vite";
import { unwrap } from "../../src/base/result.ts";
import { createNodeCompiler } from "../../src/compiler/node.ts";
import { describeObject } from "../../src/compiler/testing/object-digest.ts";
import { requestFor } from "../../src/compiler/testing/matrix.ts";
import { readManifest } from "../../src/compiler/toolchain.ts";
import type { RunnersPage } from "../compiler/page.ts";
import { launch } from "./page.ts";

// The compile worker by itself, in Chromium: the WASI shim on a plain page, the shim and @wasmer/sdk on an isolated one. All make
// the object that Node makes.
const root = fileURLToPath(new URL("../..", import.meta.url));
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const programs = ["xdp-drop-udp.bpf.c", "tail-call-static.bpf.c", "core-fields.bpf.c", "globals.bpf.c"];
const combination = { opt: "-O2", debug: true, mcpu: "v3" } as const;
type Host = { page: RunnersPage };

let browser: Browser;
const servers: ViteDevServer[] = [];
const expected = new Map<string, string[]>();

async function open(isolated: boolean): Promise<Page> {
  const server = await createServer({
    root, configFile: false, logLevel: "error", cacheDir: join(root, `.cache/vite-compiler-${isolated ? "isolated" : "plain"}`),
    server: { port: 0, headers: isolated ? isolation : {}, watch: null, hmr: false }, worker: { format: "es" },
  });
  servers.push(server);
  await server.listen();
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${server.resolvedUrls!.local[0]}e2e/compiler/page.html`);
  await page.waitForFunction("window.page !== undefined");
  return page;
}

beforeAll(async () => {
  expect(existsSync(join(root, "public/toolchain/clang.wasm.br"))).toBe(true);
  const compiler = unwrap(await createNodeCompiler());
  for (const name of programs) {
    const result = await compiler.compile({ ...requestFor(name, combination), usePrecompiled: false });
    expected.set(name, describeObject(result.object!));
  }
  browser = await launch();
}, 240_000);

afterAll(async () => {
  await browser?.close();
  for (const server of servers) await server.close();
});

describe.each([
  { runner: "wasi-shim", isolated: false },
  { runner: "wasi-shim", isolated: true },
  { runner: "wasmer-sdk", isolated: true },
] as const)("$runner, isolated: $isolated", ({ runner, isolated }) => {
  let page: Page;
  beforeAll(async () => {
    page = await open(isolated);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolated);
  }, 120_000);

  test("loads and says how far it is", async () => {
    const { loaded } = await page.evaluate((r) => (window as unknown as Host).page.load(r), runner);
    expect(loaded).toMatchObject({ ok: true, value: { clangVersion: "22.1.8", runner } });
    const progress = await page.evaluate(() => (window as unknown as Host).page.progress());
    const { clang } = unwrap(readManifest(readFileSync(join(root, "public/toolchain/toolchain.json"), "utf8")));
    const fetched = progress.filter((p) => p.phase === "clang");
    expect(fetched.length).toBeGreaterThan(3);
    expect(fetched.every((p, i) => p.totalBytes === clang.bytes && p.loadedBytes <= clang.bytes && (i === 0 || p.loadedBytes >= fetched[i - 1]!.loadedBytes))).toBe(true);
    expect(fetched.at(-1)!.loadedBytes).toBe(clang.bytes);
    expect(progress.at(-1)!.phase).toBe("ready");
  });

  test.each(programs)("%s: the object Node makes", async (name) => {
    const { kernel, ...rest } = requestFor(name, combination);
    const made = await page.evaluate(
      ([r, request, header]) => (window as unknown as Host).page.compile(r, request, header),
      [runner, { ...rest, kernel: "t", usePrecompiled: false }, kernel!.vmlinuxH] as const,
    );
    expect(made.kind === "done" && made.stderr).toBe("");
    expect(made.kind === "done" && made.object && describeObject(new Uint8Array(made.object))).toEqual(expected.get(name));
  });

  test("errors come back with places, and the next compile is fine", async () => {
    const request = { files: { "a.c": "int x = oops;\n" }, kernel: null };
    const bad = await page.evaluate(([r, q]) => (window as unknown as Host).page.compile(r, q, ""), [runner, request] as const);
    expect(bad.kind === "done" && bad.diagnostics).toMatchObject([{ file: "a.c", line: 1, col: 9, severity: "error" }]);
    const good = await page.evaluate(([r, q]) => (window as unknown as Host).page.compile(r, q, ""), [runner, { files: { "a.c": "int x = 1;\n" }, kernel: null }] as const);
    expect(good.kind === "done" && good.object?.length).toBeGreaterThan(100);
  });
});

test("a newer request overtakes the one in flight, in a worker that fetches nothing again", async () => {
  const page = await open(false);
  const { kernel, ...rest } = requestFor("globals.bpf.c", combination);
  await page.evaluate((r) => (window as unknown as Host).page.load(r), "wasi-shim" as const);
  const fetches: string[] = [];
  page.on("request", (request) => fetches.push(request.url()));
  const request = { ...rest, kernel: "t" };
  const ended = await page.evaluate(([q, header]) => (window as unknown as Host).page.overtake("wasi-shim", q, header, 5), [request, kernel!.vmlinuxH] as const);
  expect(ended).toMatchObject({ first: "cancelled", second: true });
  expect(fetches.filter((url) => url.includes("/toolchain/"))).toEqual([]);
});

test("a second visit fetches only the manifest", async () => {
  const page = await open(false);
  const load = () => page.evaluate((r) => (window as unknown as Host).page.load(r), "wasi-shim" as const);
  expect((await load()).loaded.ok).toBe(true);
  await page.reload();
  await page.waitForFunction("window.page !== undefined");
  const fetches: string[] = [];
  page.on("request", (request) => fetches.push(request.url()));
  expect((await load()).loaded.ok).toBe(true);
  expect(fetches.filter((url) => /clang\.wasm|headers\.pack/.test(url))).toEqual([]);
});

test("a broken download is a sentence, and the next try works", async () => {
  const page = await open(false);
  await page.route("**/toolchain/clang.wasm.br", (route) => route.fulfill({ status: 200, body: Buffer.from("not brotli at all, but long enough") }));
  const load = () => page.evaluate((r) => (window as unknown as Host).page.load(r), "wasi-shim" as const);
  const broken = await load();
  expect(broken.loaded).toMatchObject({ ok: false, error: expect.stringContaining("clang.wasm did not load") });
  await page.unroute("**/toolchain/clang.wasm.br");
  expect((await load()).loaded.ok).toBe(true);
});
