import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

/** The build under test; $DIST names another than dist/. */
export const dist = process.env["DIST"] ?? fileURLToPath(new URL("../../dist", import.meta.url));

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** The browser named by $CHROMIUM, or Debian's. */
export async function launch(more: readonly string[] = []): Promise<Browser> {
  if (!existsSync(`${dist}/index.html`)) throw new Error("there is no dist/: run `npm run build` first");
  return chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: [...FLAGS, ...more] });
}

/** A page that fails the test on an uncaught error. */
export async function openPage(context: BrowserContext, url: string): Promise<{ page: Page; errors: string[] }> {
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) errors.push(message.text());
  });
  await page.goto(url);
  return { page, errors };
}

/** Long, because the machine may be busy: a quiet one needs a few seconds for the first visit. */
const SLOW = 400_000;

/** The verdict as it stands on the page, once it says one of these words and no newer one is on its way. */
export async function verdict(page: Page, words: RegExp, kernel?: string): Promise<string> {
  await page.waitForFunction(({ source, on }) => {
    const head = document.querySelector<HTMLElement>(".verdict");
    if (!head || head.getAttribute("aria-busy") === "true" || head.dataset["stale"] === "true") return false;
    const detail = head.querySelector(".verdict-detail")?.textContent ?? "";
    return new RegExp(source).test(head.querySelector(".verdict-word")?.textContent ?? "") && (on === null || detail.includes(`Linux ${on}`));
  }, { source: words.source, on: kernel ?? null }, { timeout: SLOW });
  return (await page.locator(".verdict").innerText()).trim();
}

/** Waits until Monaco has taken the plain field's place. */
export async function editorReady(page: Page): Promise<void> {
  await page.waitForSelector('.editor-monaco[data-ready="true"] .monaco-editor', { timeout: SLOW });
}

/** Replaces the text of the open file by typing over it, as a person would who pastes. */
export async function writeSource(page: Page, text: string): Promise<void> {
  await editorReady(page);
  await page.locator(".monaco-editor .view-lines").first().click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(text);
}

export async function sourceText(page: Page): Promise<string> {
  return page.evaluate(() => {
    const current = localStorage.getItem("bpf-playground/current");
    const stored = JSON.parse(localStorage.getItem(`bpf-playground/doc/${current}`) ?? "null") as { project: { files: Record<string, string>; activeFile: string } } | null;
    return stored ? stored.project.files[stored.project.activeFile]! : "";
  });
}

export const kernelButton = (page: Page, kernel: string) => page.getByRole("radio", { name: new RegExp(`^${kernel.replace(".", "\\.")}(?:,|$)`) });
export const tab = (page: Page, name: string) => page.getByRole("tab", { name, exact: true });

/** Copies the project's link by the Share menu, as a person would; it is packed and copied a moment after the click. */
export async function copyLink(page: Page, url: string): Promise<string> {
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await page.getByRole("menuitem", { name: /Copy link/ }).click();
  const copied = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
  await expect.poll(copied, { timeout: 30_000 }).toContain(`${url}#v1.`);
  return copied();
}
