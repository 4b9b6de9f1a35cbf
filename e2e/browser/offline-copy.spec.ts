import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { pathToFileURL } from "node:url";
import { unzipSync } from "fflate";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tinyFiles } from "../../src/workshop/testing/tiny.ts";
import { launch, openPage, writeSource } from "./page.ts";
import { startHost } from "./static-server.ts";
import { folderWithTiny } from "./workshop-folder.ts";

const SLOW = 300_000;
const SOLUTION = tinyFiles()["01-pass/solution/main.bpf.c"]!;
let browser: Browser;
let folder: string;
const made: string[] = [];
beforeAll(async () => {
  browser = await launch(["--host-resolver-rules=MAP room.test 127.0.0.1"]);
  folder = folderWithTiny();
});
afterAll(async () => {
  await browser?.close();
  for (const path of [folder, ...made]) rmSync(path, { recursive: true, force: true });
});

const controlled = "navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null || new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', () => resolve(true), { once: true })))";
/** What the two caches of the page hold, by the ends of their addresses. */
const keptFiles = (page: Page): Promise<string[]> => page.evaluate(async () => {
  const out: string[] = [];
  for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) out.push(new URL(request.url).pathname);
  return out;
});
async function stepPassed(page: Page, passed: number): Promise<void> {
  await page.waitForFunction((n) => {
    const list = document.querySelector<HTMLElement>(".check-list");
    return list?.dataset["stale"] === "false" && list.querySelectorAll('.check[data-state="passed"]').length === n && list.querySelectorAll(".check").length === 2;
  }, passed, { timeout: SLOW });
}
/** Makes the zip as a person would, and unpacks it; the folder that was in it. */
async function makeZip(page: Page): Promise<string> {
  await page.getByRole("button", { name: "This workshop" }).click();
  await page.getByRole("menuitem", { name: /Give this workshop/ }).click();
  await page.getByRole("tab", { name: "Without internet" }).click();
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: SLOW }), page.getByRole("button", { name: "Make the zip" }).click()]);
  const target = mkdtempSync(join(tmpdir(), "offline-copy-"));
  made.push(target);
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(await download.path())))) {
    expect(normalize(name)).toBe(name);
    const path = join(target, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  await page.keyboard.press("Escape");
  return join(target, "tiny-offline");
}
/** Takes the first step in a copy, and fails where the page asks any other server for anything. */
async function takeStep(copy: string, name = "127.0.0.1"): Promise<void> {
  const host = await startHost({ folder: copy });
  const context = await browser.newContext();
  const asked: string[] = [];
  context.on("request", (request) => asked.push(request.url()));
  const url = host.url.replace("127.0.0.1", name);
  const { page, errors } = await openPage(context, url);
  await page.getByRole("heading", { name: "Let the packet through" }).waitFor({ timeout: 60_000 });
  await stepPassed(page, 0);
  await writeSource(page, SOLUTION);
  await stepPassed(page, 2);
  expect(asked.filter((address) => !address.startsWith(url) && !/^(?:data|blob):/.test(address))).toEqual([]);
  expect(errors).toEqual([]);
  await context.close();
  await host.close();
}

describe("a workshop as one zip", () => {
  it("is made with the server gone, after one visit, and what is in it works", async () => {
    const host = await startHost({ folder, path: "/sub/" });
    const context = await browser.newContext();
    const { page, errors } = await openPage(context, `${host.url}#w=tiny`);
    await stepPassed(page, 0);
    await page.evaluate(controlled);
    // What the workshop needs is fetched ahead a few seconds after it was opened.
    await expect.poll(async () => (await keptFiles(page)).filter((path) => /5\.10\.pack|lab-index|users\.json|sw\.js|unpacked/.test(path)).length, { timeout: 60_000 }).toBe(6);
    await page.reload();
    await stepPassed(page, 0);
    await host.close();
    await page.reload();
    await stepPassed(page, 0);
    const copy = await makeZip(page);
    expect(errors).toEqual([]);
    await context.close();
    // clang out of the browser's own copy, packed again.
    const manifest = JSON.parse(readFileSync(join(copy, "toolchain/toolchain.json"), "utf8")) as { clang: { url: string; bytes: number; unpackedBytes: number } };
    expect(manifest.clang.url).toBe("clang.wasm.gz");
    expect(readFileSync(join(copy, "toolchain/clang.wasm.gz")).length).toBe(manifest.clang.bytes);
    expect(manifest.clang.bytes).toBeLessThan(manifest.clang.unpackedBytes / 2);
    await takeStep(copy);
  });

  it("what this browser has not kept is named", async () => {
    const host = await startHost({ folder });
    const context = await browser.newContext();
    const { page } = await openPage(context, `${host.url}#w=tiny`);
    await stepPassed(page, 0);
    await page.evaluate(controlled);
    await expect.poll(async () => (await keptFiles(page)).some((path) => path.endsWith("lab-index.json")), { timeout: 60_000 }).toBe(true);
    await host.close();
    await page.getByRole("button", { name: "This workshop" }).click();
    await page.getByRole("menuitem", { name: /Give this workshop/ }).click();
    await page.getByRole("tab", { name: "Without internet" }).click();
    await page.getByRole("radio", { name: /^all/ }).check();
    await page.getByRole("button", { name: "Make the zip" }).click();
    await page.getByText(/kernels\/[\d.]+\.pack is not kept in this browser, and the server this page came from does not answer/).waitFor({ timeout: 60_000 });
    await context.close();
  });
});

describe("in a room over plain http, by a computer's name", () => {
  it("a step is taken, texts are copied, and the zip is made there too", async () => {
    const host = await startHost({ folder });
    const context = await browser.newContext();
    const { page, errors } = await openPage(context, `${host.url.replace("127.0.0.1", "room.test")}#w=tiny`);
    expect(await page.evaluate(() => [isSecureContext, "caches" in window, "clipboard" in navigator])).toEqual([false, false, false]);
    await stepPassed(page, 0);
    await writeSource(page, SOLUTION);
    await stepPassed(page, 2);
    // No clipboard API here: the older way does it, without asking.
    await page.getByRole("button", { name: "This workshop" }).click();
    await page.getByRole("menuitem", { name: /Give this workshop/ }).click();
    await page.getByRole("button", { name: "Copy", exact: true }).click();
    await page.getByText("Address copied.").waitFor();
    await page.keyboard.press("Escape");
    const copy = await makeZip(page);
    expect(errors).toEqual([]);
    await context.close();
    await host.close();
    await takeStep(copy, "room.test");
  });
});

it("opened as a file, the page says what it needs", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(pathToFileURL(join(folder, "index.html")).href);
  await page.getByText(/browsers run a page like this only from a web server/).waitFor();
  await expect.poll(() => page.locator("#not-yet").evaluate((e) => getComputedStyle(e).opacity), { timeout: 15_000 }).toBe("1");
  await context.close();
});
