import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dist, editorReady, launch, openPage, tab, verdict, writeSource } from "./page.ts";
import { startHost, type Host } from "./static-server.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Parts that are not ours to mend: Monaco draws its own text, and has its own accessibility mode. Everything around it is looked at. */
const NOT_OURS = [".monaco-editor", ".monaco-aria-container"];
const TABS = ["Why", "Log", "Instructions", "Calls", "Output", "Input", "All kernels", "API"];
const LAB_PAGES = ["Custom kernel", "Side by side", "Header shim", "Declaring a call"];
const SLOW = 120_000;

const SOURCE = (body: string): string => `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, __u32); __type(value, __u64); __uint(max_entries, 8); } seen SEC(".maps");
SEC("xdp") int looked_at(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;
	__u64 *value = bpf_map_lookup_elem(&seen, &key);
	${body}
	return XDP_PASS;
}
char LICENSE[] SEC("license") = "GPL";
`;

let browser: Browser;
let host: Host;
beforeAll(async () => {
  browser = await launch();
  host = await startHost({ folder: dist, isolated: true });
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
});

/** What axe-core finds serious or critical on the page as it stands, one line each: rule, element, where. */
async function audit(page: Page, where: string): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  const { violations } = await page.evaluate((exclude) => (globalThis as unknown as { axe: { run(context: unknown, options: unknown): Promise<AxeResults> } }).axe.run(
    { exclude: exclude.map((selector) => [selector]) }, { resultTypes: ["violations"] },
  ), NOT_OURS);
  return violations.filter((v) => v.impact === "serious" || v.impact === "critical")
    .flatMap((v) => v.nodes.map((n) => `${where}: ${v.id} (${v.impact}) at ${n.target.join(" ")} ${n.html.slice(0,160)}: ${n.failureSummary?.split("\n").slice(1, 2).join("").trim() ?? ""}`));
}

const wide = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

describe.each([
  { how: "wide and light", viewport: wide, colorScheme: "light" as const },
  { how: "wide and dark", viewport: wide, colorScheme: "dark" as const },
  { how: "on a phone", viewport: phone, colorScheme: "light" as const },
])("nothing serious or critical, $how", ({ viewport, colorScheme }) => {
  let context: BrowserContext;
  const narrow = viewport.width < 800;
  beforeAll(async () => {
    context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce", hasTouch: narrow, isMobile: narrow });
  });
  afterAll(() => context?.close());
  const results = async (page: Page): Promise<void> => {
    if (narrow) await page.getByRole("navigation", { name: "Panes" }).getByRole("button", { name: /Verdict/ }).click();
  };
  const source = async (page: Page): Promise<void> => {
    if (narrow) await page.getByRole("navigation", { name: "Panes" }).getByRole("button", { name: /Source/ }).click();
  };

  it("in every tab, with an accepted and a refused program and one that does not compile", async () => {
    const { page, errors } = await openPage(context, host.url);
    await editorReady(page);
    const found: string[] = [];
    for (const [what, body, words] of [["accepted", "if (value) (*value)++;", /Accepted/], ["refused", "(*value)++;", /Rejected/]] as const) {
      await source(page);
      await writeSource(page, SOURCE(body));
      await page.waitForFunction(() => /looked_at/.test(document.querySelector(".verdict .program")?.textContent ?? ""), undefined, { timeout: SLOW });
      await verdict(page, words);
      found.push(...await audit(page, `${what}, source`));
      await results(page);
      for (const name of TABS) {
        await tab(page, name).click();
        if (name === "Instructions") await page.locator(".code-row.insn").nth(3).click();
        if (name === "Output") {
          await page.locator("#panel .button.run, .outcome").first().waitFor();
          found.push(...await audit(page, `${what}, ${name}, before a run`));
          if (await page.locator("#panel .button.run").isVisible()) await page.locator("#panel .button.run").click();
          await page.locator(".outcome").waitFor({ timeout: SLOW });
        }
        if (name === "All kernels") {
          const ask = page.getByRole("button", { name: "Ask all kernels" });
          if (await ask.isVisible()) await ask.click();
          await page.waitForFunction(() => document.querySelector(".matrix") !== null && document.querySelector(".panel-bar progress") === null, undefined, { timeout: SLOW });
          const find = page.getByRole("button", { name: "Find the cause" });
          await page.locator(".pair-table").or(find).first().waitFor();
          if (await find.isVisible()) await find.click();
          await page.locator(".pair-table").waitFor({ timeout: SLOW });
        }
        if (name === "API") await page.locator(".api-row").first().waitFor({ timeout: SLOW });
        if (name === "Calls") await page.locator("#panel .tag.ok").first().waitFor({ timeout: SLOW });
        found.push(...await audit(page, `${what}, ${name}`));
        if (name === "API") {
          await page.getByRole("button", { name: "What changed between two kernels" }).click();
          await page.locator(".compare tr").first().waitFor({ timeout: SLOW });
          found.push(...await audit(page, `${what}, API, what changed`));
          await page.getByRole("button", { name: "All APIs" }).click();
          await page.locator(".api-row .link").first().click();
          await page.locator(".stability-factors").waitFor({ timeout: SLOW });
          found.push(...await audit(page, `${what}, API, a card`));
          await page.getByRole("button", { name: "All APIs" }).click();
        }
      }
    }
    await source(page);
    await writeSource(page, SOURCE("undeclared = 1;"));
    await verdict(page, /Does not compile/);
    found.push(...await audit(page, "not compiled, source"));
    await results(page);
    await tab(page, "Why").click();
    found.push(...await audit(page, "not compiled, Why"));
    expect(found).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  it("in the lab's pages", async () => {
    const { page } = await openPage(context, host.url);
    await verdict(page, /Accepted|Rejected|Does not compile/);
    await results(page);
    await tab(page, "Lab").click();
    await page.locator(".lab-samples").first().waitFor({ timeout: SLOW });
    const found = await audit(page, "Lab, samples");
    await page.locator(".lab-samples button.example").first().click();
    await results(page);
    await page.locator(".lab-slider").waitFor({ timeout: SLOW });
    for (const name of LAB_PAGES) {
      await page.getByRole("navigation", { name: "Lab" }).getByRole("button", { name, exact: true }).click();
      await page.waitForTimeout(400);
      found.push(...await audit(page, `Lab, ${name}`));
    }
    expect(found).toEqual([]);
    await page.close();
  });

  it("in menus and dialogs", async () => {
    const { page } = await openPage(context, host.url);
    await editorReady(page);
    const found: string[] = [];
    for (const name of [/^Examples$/, /^Project:/, /^Share$/, /^Compiler flags/]) {
      await page.getByRole("button", { name }).click();
      await page.locator(".popover").waitFor();
      found.push(...await audit(page, `menu ${name.source}`));
      await page.keyboard.press("Escape");
      expect(await page.locator(".popover").count()).toBe(0);
    }
    await page.getByRole("button", { name: "Workshops", exact: true }).click();
    await page.locator("dialog.modal").waitFor();
    await page.waitForTimeout(500);
    found.push(...await audit(page, "library of workshops"));
    await page.keyboard.press("Escape");
    await page.locator("dialog.modal").waitFor({ state: "detached" });
    expect(found).toEqual([]);
    await page.close();
  });

  it("in a workshop, its dialogs and its presenter's window", async () => {
    const { page } = await openPage(context, `${host.url}#w=first-steps-xdp`);
    await page.locator(".prose").first().waitFor({ timeout: SLOW });
    await page.locator(".check[data-state=failed]").first().waitFor({ timeout: SLOW });
    const found = await audit(page, "workshop");
    await page.getByRole("button", { name: "This workshop" }).click();
    found.push(...await audit(page, "workshop's menu"));
    await page.getByRole("menuitem", { name: /Give this workshop/ }).click();
    await page.locator("dialog.modal").waitFor();
    found.push(...await audit(page, "giving a workshop"));
    const [presenter] = await Promise.all([context.waitForEvent("page"), page.getByRole("button", { name: /presenter's window/ }).click()]);
    await presenter.locator(".presenter-main").waitFor({ timeout: SLOW });
    found.push(...await audit(presenter, "presenter"));
    await presenter.close();
    expect(found).toEqual([]);
    await page.close();
  });
});
