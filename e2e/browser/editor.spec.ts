import { afterAll, beforeAll, expect, it } from "vitest";
import type { Browser, BrowserContext } from "playwright-core";
import { dist, editorReady, launch, openPage, sourceText, tab, verdict, writeSource } from "./page.ts";
import { startHost, type Host } from "./static-server.ts";

/** A bounded loop over the packet: some ten thousand processed instructions, nearly all of them in its three lines. */
const LOOP = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
SEC("xdp") int walks(struct xdp_md *ctx) {
__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
__u64 sum = 0;
for (int i = 0; i < 300; i++) {
if (data + i + 1 > end) break;
if (data[i] & 1) sum += data[i]; else sum ^= i;
}
return sum == 77 ? XDP_DROP : XDP_PASS;
}
char LICENSE[] SEC("license") = "GPL";
`;

/** 6.15 taught the verifier that a constant key of an array is always found: from 6.16 on no check for NULL is wanted. */
const NO_CHECK = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, __u64[64]); __uint(max_entries, 1); } table SEC(".maps");
SEC("xdp") int unchecked(struct xdp_md *ctx) { __u32 zero = 0; __u64 *slots = bpf_map_lookup_elem(&table, &zero); slots[ctx->rx_queue_index & 63] += 1; return XDP_PASS; }
char LICENSE[] SEC("license") = "GPL";
`;

let browser: Browser;
let host: Host;
let context: BrowserContext;
beforeAll(async () => {
  browser = await launch();
  host = await startHost({ folder: dist });
  context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
});
afterAll(async () => {
  await context?.close();
  await host?.close();
  await browser?.close();
});

const judged = (name: string) => [(program: string) => document.querySelector(".verdict .program")?.textContent?.includes(program) === true, name, { timeout: 200_000 }] as const;

it("shows what each line cost the verifier, as a list and beside the lines, and hides it when told", async () => {
  const { page, errors } = await openPage(context, host.url);
  await writeSource(page, LOOP);
  await page.waitForFunction(...judged("walks"));
  await verdict(page, /Accepted/);
  const rows = page.locator(".hot-lines tbody tr");
  await rows.first().waitFor();
  const texts = await rows.allInnerTexts();
  expect(texts[0]).toMatch(/^\d\d%\s+[\d,]+\s+[\d,]+\s+8\b/);
  const total = Number(/of the verifier|([\d,]+) instructions processed/.exec(await page.locator(".verdict-detail").innerText())![1]!.replaceAll(",", ""));
  const processed = texts.map((t) => Number(t.split(/\s+/)[1]!.replaceAll(",", "")));
  expect(processed.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(total);
  expect(processed.slice(0, 3).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(total * 0.9);
  await page.locator(".inline-heat", { hasText: "of the verifier's work" }).first().waitFor();
  expect(await page.locator('[class*="heat-"].cldr').count()).toBeGreaterThan(1);
  await page.getByLabel("Show in the editor").uncheck();
  await page.locator(".inline-heat").first().waitFor({ state: "detached" });
  await page.locator(".hot-line").first().click();
  await page.locator(".line-marked").waitFor();
  expect(errors).toEqual([]);
  await page.close();
});

it("names the rule of the verifier that makes two kernels differ", async () => {
  const { page, errors } = await openPage(context, host.url);
  await writeSource(page, NO_CHECK);
  await page.waitForFunction(...judged("unchecked"));
  await verdict(page, /Accepted/, "7.2");
  await tab(page, "All kernels").click();
  await page.getByRole("button", { name: "Ask all kernels" }).click();
  await page.waitForFunction(() => document.querySelector(".matrix") !== null && document.querySelector(".panel-bar progress") === null, undefined, { timeout: 200_000 });
  // The neighbours with different verdicts are offered unasked.
  expect(await page.getByLabel("Older kernel").inputValue()).toBe("6.12");
  expect(await page.getByLabel("Newer kernel").inputValue()).toBe("6.16");
  const find = page.getByRole("button", { name: "Find the cause" });
  await page.locator(".pair-table").or(find).first().waitFor({ timeout: 60_000 });
  if (await find.isVisible()) await find.click();
  await page.locator(".pair-table").waitFor({ timeout: 60_000 });
  expect(await page.locator(".pair-cause").innerText()).toBe("The verdict changes with one rule of the verifier: a lookup of a constant key in an array is not null (came with 6.15).");
  expect(await page.locator(".pair-table").innerText()).toContain("null-check it first");
  await page.locator(".pair-button", { hasText: "7.3" }).click();
  await page.waitForFunction(() => /say the same/.test(document.querySelector(".pair-cause")?.textContent ?? ""), undefined, { timeout: 60_000 });
  expect(errors).toEqual([]);
  await page.close();
});

it("takes Vim's keys when they are switched on, and fetches them only then", async () => {
  const { page, errors } = await openPage(context, host.url);
  await editorReady(page);
  await verdict(page, /Accepted|Rejected/);
  const asked = (): boolean => host.requests.some((path) => path.includes("vim-keys"));
  expect(asked()).toBe(false);
  await page.getByRole("button", { name: "Vim keys" }).click();
  await page.locator("#vim-status", { hasText: "NORMAL" }).waitFor();
  expect(asked()).toBe(true);
  await page.locator(".monaco-editor .view-lines").first().click();
  await page.keyboard.type("ggO// vim");
  await page.keyboard.press("Escape");
  await page.keyboard.type("yyp:w");
  await page.keyboard.press("Enter");
  await page.locator(".toast", { hasText: "Saved" }).waitFor();
  expect(await sourceText(page)).toMatch(/^\/\/ vim\n\/\/ vim\n/);
  await page.getByRole("button", { name: "Vim keys" }).click();
  await page.locator(".monaco-editor .view-lines").first().click();
  await page.keyboard.type("plain");
  await page.waitForTimeout(900);
  expect(await sourceText(page)).toContain("plain");
  expect(errors).toEqual([]);
  await page.close();
});
