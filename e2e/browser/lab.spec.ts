import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { copyLink, dist, launch, openPage, tab, verdict, writeSource } from "./page.ts";
import { startHost, type Host } from "./static-server.ts";

let browser: Browser;
let host: Host;
let context: BrowserContext;
beforeAll(async () => {
  browser = await launch();
  host = await startHost({ folder: dist, isolated: true });
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, permissions: ["clipboard-read", "clipboard-write"] });
});
afterAll(async () => {
  await context?.close();
  await host?.close();
  await browser?.close();
});

const SLOW = 300_000;
const page_ = (page: Page, name: string) => page.getByRole("navigation", { name: "Lab" }).getByRole("button", { name, exact: true });

/** Opens a sample of the lab with its program. */
async function openSample(page: Page, title: RegExp): Promise<void> {
  await tab(page, "Lab").click();
  const again = page.getByRole("button", { name: "Samples", exact: true });
  await page.locator(".lab").first().waitFor({ timeout: 60_000 });
  if (await again.isVisible()) await again.click();
  const example = page.locator(".lab-samples button.example").filter({ has: page.locator(".example-title", { hasText: title }) });
  await example.first().waitFor({ timeout: 60_000 });
  await example.first().click();
}

describe("a custom kernel", () => {
  it("warns, and refuses once the release is moved past the date; both ways of writing it agree; the link holds it", async () => {
    const { page, errors } = await openPage(context, host.url);
    await openSample(page, /^Deprecated, with a date/);
    await verdict(page, /Accepted/, "7.3");
    await page.waitForFunction(() => /accepted, warned/.test(document.querySelector(".lab-slider")?.textContent ?? ""), undefined, { timeout: SLOW });
    expect(await page.locator(".lab-slider").innerText()).toMatch(/goes away in 7\.6: \d+ days left/);
    // struck through where it is called
    await page.waitForSelector(".squiggly-inline-deprecated", { timeout: 60_000 });

    await page.locator("#lab-release").focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowRight");
    expect(await verdict(page, /Rejected/, "7.3")).toContain("bpf_task_from_pid");

    await page.locator(".segments").getByText("Text", { exact: true }).click();
    const text = page.getByLabel("Custom kernel as text (JSON)");
    const written = JSON.parse(await text.inputValue()) as { simulatedRelease: string; changes: { op: string }[] };
    expect(written).toMatchObject({ simulatedRelease: "7.6", changes: [{ op: "deprecate" }] });
    await text.fill(JSON.stringify({ ...written, simulatedRelease: "7.4" }));
    await verdict(page, /Accepted/, "7.3");
    await page.locator(".segments").getByText("Form", { exact: true }).click();
    expect(await page.locator(".lab-release").innerText()).toBe("7.4");

    const link = await copyLink(page, host.url);
    const second = await browser.newContext();
    const other = await openPage(second, link);
    await verdict(other.page, /Accepted/, "7.3");
    expect(await other.page.locator(".rail .lab-on").innerText()).toContain("deprecated");
    expect([...errors, ...other.errors]).toEqual([]);
    await second.close();
    await page.close();
  });

  it("is edited in a form drawn from the schema: an operation added, filled in with names offered, moved and removed, each message at its field", async () => {
    const { page, errors } = await openPage(context, host.url);
    await verdict(page, /Accepted|Rejected/);
    await tab(page, "Lab").click();
    await page.locator(".lab").first().waitFor({ timeout: 60_000 });
    const again = page.getByRole("button", { name: "Samples", exact: true });
    if (await again.isVisible()) await again.click();
    await page.getByRole("button", { name: "Empty one" }).click();
    const add = page.getByLabel("Add a change");
    const schema = (await page.evaluate(() => fetch("kernels/overlay.schema.json").then((r) => r.json()))) as { properties: { changes: { items: { oneOf: { title: string }[] } } } };
    const offered = await add.locator("option").allInnerTexts();
    for (const option of schema.properties.changes.items.oneOf) expect(offered).toContain(option.title);

    await add.selectOption({ label: "Remove a kfunc" });
    const kfunc = page.locator(".lab-item").last().getByLabel("kfunc", { exact: true });
    await page.waitForFunction(() => document.querySelectorAll(".lab-item .lab-message.no").length > 0, undefined, { timeout: 60_000 });
    await kfunc.fill("bpf_xdp_pull");
    await page.waitForFunction(() => [...document.querySelectorAll("datalist option")].some((o) => (o as HTMLOptionElement).value === "bpf_xdp_pull_data"), undefined, { timeout: 60_000 });
    await kfunc.fill("bpf_xdp_pull_data");
    await page.waitForFunction(() => document.querySelectorAll(".lab-item .lab-message").length === 0, undefined, { timeout: 60_000 });
    await add.selectOption({ label: "Deprecate a kfunc" });
    expect(await page.locator(".lab-item").count()).toBe(2);
    await page.getByRole("button", { name: /^Move Deprecate.* up$/ }).click();
    expect(await page.locator(".lab-toggle").first().innerText()).toContain("Deprecate");
    await page.getByRole("button", { name: /^Remove Deprecate/ }).click();
    expect(await page.locator(".lab-item").count()).toBe(1);
    await page.waitForFunction(() => !/wrong in it/.test(document.querySelector(".lab-force")?.textContent ?? ""), undefined, { timeout: 60_000 });
    expect(errors).toEqual([]);
    await page.close();
  });

  it("runs a function of its own, in C, compiled here", async () => {
    const { page, errors } = await openPage(context, host.url);
    await openSample(page, /^Kfuncs that no release has/);
    await verdict(page, /Accepted/, "7.3");
    await page.keyboard.press("ControlOrMeta+Enter");
    await page.locator(".outcome").waitFor({ timeout: SLOW });
    expect(await page.locator(".outcome").innerText()).toContain("18");
    // the card of a kfunc that no release has
    await tab(page, "Calls").click();
    await page.getByRole("button", { name: "bpf_lab_bits" }).first().click();
    await page.waitForFunction(() => /only in the custom kernel/.test(document.querySelector(".stability")?.textContent ?? ""), undefined, { timeout: 60_000 });
    expect(errors).toEqual([]);
    await page.close();
  });

  it("shows beside the release what nobody can detect", async () => {
    const { page, errors } = await openPage(context, host.url);
    await openSample(page, /^Same name/);
    await verdict(page, /Accepted/, "7.3");
    await page_(page, "Side by side").click();
    await page.locator(".lab-pair").first().waitFor({ timeout: SLOW });
    expect(await page.locator(".lab-pair").first().innerText()).toMatch(/the run returns \d+ on 7\.3, \d+ on 7\.3\+/);
    expect(await page.locator(".lab-pair").first().innerText()).toContain("Only the run shows it");
    expect(errors).toEqual([]);
    await page.close();
  });
});

const RENAMED = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
extern void scx_bpf_dispatch(struct task_struct *p, __u64 dsq_id, __u64 slice, __u64 enq_flags) __ksym;
SEC("struct_ops/enqueue") void BPF_PROG(enqueue, struct task_struct *p, u64 enq_flags) { scx_bpf_dispatch(p, 1, 20000000, enq_flags); }
SEC(".struct_ops.link") struct sched_ext_ops simple = { .enqueue = (void *)enqueue, .name = "simple" };
char LICENSE[] SEC("license") = "GPL";
`;

describe("a header shim", () => {
  it("lets one object serve a range, proved without and with it, and goes into the project", async () => {
    const { page, errors } = await openPage(context, host.url);
    await verdict(page, /Accepted|Rejected/);
    await writeSource(page, RENAMED);
    await tab(page, "Lab").click();
    await page_(page, "Header shim").click();
    await page.getByLabel("Oldest kernel").selectOption("6.16");
    await page.locator(".lab-wrapped").first().waitFor({ timeout: 60_000 });
    expect(await page.locator(".lab-header").innerText()).toContain("bpf_ksym_exists(scx_bpf_dsq_insert___shim");
    const workers = page.workers().length;
    await page.getByRole("button", { name: "Prove it" }).click();
    const row = (n: number) => page.locator(".lab-proof tbody tr").nth(n).locator(".cell").evaluateAll((cells) => cells.map((c) => c.getAttribute("data-verdict")));
    await page.waitForFunction(() => {
      const cells = [...document.querySelectorAll(".lab-proof .cell")];
      return cells.length > 0 && cells.every((c) => !["waiting", "checking"].includes(c.getAttribute("data-verdict")!));
    }, undefined, { timeout: SLOW });
    expect((await row(0)).filter((v) => v === "accepted")).toHaveLength(1);
    // What it took to judge twice is ended; the lab's compiler waits a while for more, the printer of headers too.
    await expect.poll(() => page.workers().length, { timeout: 60_000 }).toBeLessThanOrEqual(workers + 1);
    expect(new Set(await row(1))).toEqual(new Set(["accepted"]));
    await page.getByRole("button", { name: "Put it into the project" }).click();
    await verdict(page, /Accepted/);
    expect(await page.getByRole("tab", { name: "kernel_shim.h" }).count()).toBe(1);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("how a call is declared", () => {
  it("compiles every form at both levels in the page", async () => {
    const { page, errors } = await openPage(context, host.url);
    await verdict(page, /Accepted|Rejected/);
    await tab(page, "Lab").click();
    await page_(page, "Declaring a call").click();
    await page.getByRole("button", { name: "Compile all" }).click();
    await page.waitForFunction(() => document.querySelectorAll(".lab-try").length === 16, undefined, { timeout: SLOW });
    const cells = await page.locator(".lab-try").allInnerTexts();
    expect(cells[0]).toMatch(/callx r\d\s+rejected/);
    expect(cells[1]).toMatch(/call bpf_map_lookup_elem#1\s+accepted/);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe("the stability record", () => {
  it("of a kfunc and of a helper, with users and sources", async () => {
    const { page, errors } = await openPage(context, `${host.url}#api/scx_bpf_dispatch`);
    await page.locator(".stability-factors").waitFor({ timeout: 60_000 });
    expect(await page.locator(".stability").innerText()).toMatch(/scx_bpf_dsq_insert[\s\S]*sched-ext\.rst/);
    await page.getByRole("button", { name: /All APIs/ }).click();
    await page.getByLabel("Search APIs").fill("bpf_ktime_get_ns");
    await page.locator(".api-row").first().click();
    await page.waitForFunction(() => /promised to stay/.test(document.querySelector(".stability")?.textContent ?? ""), undefined, { timeout: 60_000 });
    expect(await page.locator(".stability").innerText()).toMatch(/\d+ program files of \d+ packages call it/);
    expect(errors).toEqual([]);
    await page.close();
  });
});
