import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { type Host, startHost } from "../browser/static-server.ts";
import type { Bench } from "./page.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, ".cache/bench/dist");

/** Builds the page, and beside it the benchmarks' own page over the same workers, into a folder of its own. */
export async function buildPages(): Promise<void> {
  if (!existsSync(join(root, "public/toolchain/clang.wasm.br"))) throw new Error("public/toolchain/clang.wasm.br is missing; `npm run toolchain` makes it");
  await build({ root, configFile: join(root, "vite.config.ts"), logLevel: "error", build: { outDir: folder, emptyOutDir: true, rolldownOptions: { input: { bench: join(root, "e2e/bench/page.html") } } } });
}

export class Chromium {
  readonly browser: Browser;
  readonly host: Host;
  private constructor(browser: Browser, host: Host) {
    this.browser = browser;
    this.host = host;
  }

  static async start(): Promise<Chromium> {
    const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
    return new Chromium(browser, await startHost({ folder }));
  }

  get version(): string {
    return `Chromium ${this.browser.version().split(".")[0]}`;
  }

  /** A context with nothing kept from before. */
  fresh(): Promise<BrowserContext> {
    return this.browser.newContext({ viewport: { width: 1440, height: 900 } });
  }

  async benchPage(): Promise<Page> {
    const page = await (await this.fresh()).newPage();
    page.on("pageerror", (error) => console.error(`the page failed: ${error.message}`));
    await page.goto(`${this.host.url}e2e/bench/page.html`);
    await page.waitForFunction("window.bench !== undefined");
    return page;
  }

  /** The process that runs a page and its workers: the renderer that was started last. */
  async rendererPid(): Promise<number> {
    const session = await this.browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    const renderers = processInfo.filter((p) => p.type === "renderer").map((p) => p.id);
    return Math.max(...renderers);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.host.close();
  }
}

/** Calls one of the benchmark page's functions. */
export function call<K extends keyof Bench>(page: Page, name: K, ...args: Parameters<Bench[K]>): Promise<Awaited<ReturnType<Bench[K]>>> {
  return page.evaluate(([n, a]) => {
    const bench = (window as unknown as { bench: Record<string, (...args: unknown[]) => unknown> }).bench;
    return bench[n as string]!(...(a as unknown[]));
  }, [name, args] as const) as Promise<Awaited<ReturnType<Bench[K]>>>;
}

/** Bytes of the files a host was asked for, by the first part of their path. */
export function bytesServed(host: Host): Record<string, number> {
  const bytes: Record<string, number> = {};
  for (const request of host.requests) {
    const name = request === "" ? "index.html" : request;
    const path = join(folder, name);
    if (!existsSync(path) || !statSync(path).isFile()) continue;
    const part = /^(toolchain|kernels)\//.exec(name)?.[1] ?? "page";
    bytes[part] = (bytes[part] ?? 0) + statSync(path).size;
  }
  return bytes;
}

export const program = (name: string): string => readFileSync(join(import.meta.dirname, "programs", name), "utf8");
