import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { dist, editorReady, launch, openPage, verdict, writeSource } from "./page.ts";
import { startHost } from "./static-server.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

/** The title in the HTML that this page was given; the page itself changes document.title. */
const served = (page: Page): Promise<string> => page.evaluate(async () => /<title>(.*?)<\/title>/.exec(await (await fetch("./index.html")).text())?.[1] ?? "");

const controlled = "navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null || new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', () => resolve(true), { once: true })))";

describe("after a first visit", () => {
  it("the page opens, compiles and judges with the server gone", async () => {
    const host = await startHost({ folder: dist, path: "/sub/" });
    const context = await browser.newContext();
    const first = await openPage(context, host.url);
    await verdict(first.page, /Accepted/, "7.2");
    await first.page.evaluate(controlled);
    await first.page.waitForTimeout(1500);
    await first.page.close();
    await host.close();

    const { page, errors } = await openPage(context, host.url);
    await editorReady(page);
    await verdict(page, /Accepted/, "7.2");
    await writeSource(page, '#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\nSEC("xdp") int offline(struct xdp_md *ctx) { return XDP_TX; }\nchar LICENSE[] SEC("license") = "GPL";\n');
    await page.waitForFunction(() => /offline/.test(document.querySelector(".verdict")?.textContent ?? ""), undefined, { timeout: 120_000 });
    await verdict(page, /Accepted/, "7.2");
    expect(errors).toEqual([]);
    await context.close();
  });

  it("a newer version waits until it is asked for, and then replaces everything at once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "dist-"));
    cpSync(dist, folder, { recursive: true });
    const host = await startHost({ folder });
    const context = await browser.newContext();
    const { page } = await openPage(context, host.url);
    await page.evaluate(controlled);
    // A deployment: another title, and a service worker that lists it.
    const html = readFileSync(join(folder, "index.html"), "utf8");
    const { createHash } = await import("node:crypto");
    const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);
    const next = html.replace("<title>BPF Playground</title>", "<title>BPF Playground 2</title>");
    writeFileSync(join(folder, "index.html"), next);
    const worker = readFileSync(join(folder, "sw.js"), "utf8");
    expect(worker).toContain(hash(html));
    writeFileSync(join(folder, "sw.js"), worker.replace(hash(html), hash(next)));

    await page.reload();
    expect(await served(page)).toBe("BPF Playground");
    const reload = page.getByRole("button", { name: "Reload" });
    await reload.waitFor({ timeout: 60_000 });
    await reload.click();
    await expect.poll(() => served(page).catch(() => ""), { timeout: 60_000 }).toBe("BPF Playground 2");
    await context.close();
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("a deployment with a file missing is not installed: the old version stays whole", async () => {
    const folder = mkdtempSync(join(tmpdir(), "dist-"));
    cpSync(dist, folder, { recursive: true });
    const host = await startHost({ folder });
    const context = await browser.newContext();
    const { page, errors } = await openPage(context, host.url);
    await page.evaluate(controlled);
    writeFileSync(join(folder, "index.html"), "<title>half a deployment</title>");
    const worker = readFileSync(join(folder, "sw.js"), "utf8");
    writeFileSync(join(folder, "sw.js"), `${worker}\n// changed`);
    await page.reload();
    await editorReady(page);
    await page.waitForTimeout(2000);
    await page.reload();
    expect(await served(page)).toBe("BPF Playground");
    await editorReady(page);
    expect(errors).toEqual([]);
    await context.close();
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  });
});
