import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { dist, launch, openPage, tab, verdict, writeSource } from "./page.ts";
import { startHost, type Host } from "./static-server.ts";

const head = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
`;
const LICENSE = `char LICENSE[] SEC("license") = "GPL";
`;
const SHORT_CHECK = `${head}SEC("xdp")
int ttl(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);

	if (data + sizeof(struct ethhdr) > data_end)
		return XDP_PASS;
	return ip->ttl == 1 ? XDP_DROP : XDP_PASS;
}
${LICENSE}`;
/** The program of the benchmarks that goes over the limit, made so slow that there is time to stop it. */
const ENDLESS = `${head}SEC("xdp")
int endless(struct xdp_md *ctx)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < 900000; i++) {
		sum = sum * 31 + i;
		__asm__ volatile("" : "+r"(sum));
	}
	return sum & 1;
}
${LICENSE}`;

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

/** What the page's frames say while it works: the longest gap between two of them, in milliseconds. */
async function watchFrames(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const w = window as unknown as { longest: number };
    w.longest = 0;
    let last = performance.now();
    const frame = (now: number): void => {
      w.longest = Math.max(w.longest, now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  return () => page.evaluate(() => (window as unknown as { longest: number }).longest);
}

describe("a refusal on the page", () => {
  it("shows the check, the expression, the way and what would help; a step leads to the states before and after", async () => {
    const { page, errors } = await openPage(context, host.url);
    await writeSource(page, SHORT_CHECK);
    await page.waitForFunction(() => /ttl/.test(document.querySelector(".verdict .program")?.textContent ?? ""), undefined, { timeout: 200_000 });
    expect(await verdict(page, /Rejected/, "7.2")).toContain("outside of the allowed memory range");

    const why = page.locator(".why");
    await why.locator(".refusal-at").waitFor();
    expect(await why.locator("h2").first().innerText()).toBe("Packet access without a sufficient bounds check");
    expect(await why.locator(".refusal-at mark").innerText()).toBe("ip->ttl");
    expect(await why.locator(".refusal-check").innerText()).toContain("check_mem_region_access()");
    expect(await why.locator(".fixes").first().innerText()).toContain("ctx->data + 23");
    expect(await why.locator(".operands").first().innerText()).toMatch(/R2[\s\S]*ctx->data \+ 14[\s\S]*line \d+/);
    const step = why.locator(".path li").first();
    expect(await step.innerText()).toMatch(/ctx->data \+ 14 > ctx->data_end[\s\S]*false/);

    // the branch's states: what it taught on this side, and on the other
    await step.getByRole("button").click();
    await tab(page, "Instructions").click();
    const states = page.locator(".states");
    await states.waitFor({ timeout: 60_000 });
    expect(await states.locator('tr[data-change="changed"]').first().innerText()).toMatch(/pkt\(r=0,imm=14\)[\s\S]*pkt\(r=14,imm=14\)/);
    await states.getByText(/to \d+, later/).click();
    await page.waitForFunction(() => !/r=14/.test(document.querySelector(".states tbody")?.textContent ?? ""));

    // the refused instruction has a state before it and none after it; the log's line of it is selected
    await page.keyboard.press("Escape");
    await page.locator(".code-row.refused").click();
    await page.locator(".inspector .tag.no").waitFor();
    expect(await page.locator(".inspector .tag.no").innerText()).toBe("refused here");
    expect(await page.locator(".states thead").innerText()).not.toContain("after");
    await tab(page, "Log").click();
    expect(await page.locator('.log .code-row[aria-selected="true"]').innerText()).toContain("*(u8 *)(r2 +8)");
    await page.getByRole("button", { name: "States" }).click();
    await states.waitFor();
    expect(errors).toEqual([]);
    await page.close();
  });

  it("counts while a long verification runs, never freezes, and stops at once", async () => {
    const { page, errors } = await openPage(context, host.url);
    await verdict(page, /Accepted|Rejected/);
    await writeSource(page, ENDLESS);
    const counter = page.locator(".counter");
    await counter.waitFor({ timeout: 200_000 });
    const longest = await watchFrames(page);
    const count = async (): Promise<number> => Number((await counter.innerText()).replace(/ of .*/s, "").replace(/\D/g, ""));
    const first = await count();
    await page.waitForFunction((n) => {
      const text = document.querySelector(".counter")?.textContent ?? "";
      return text === "" || Number(text.replace(/ of .*/s, "").replace(/\D/g, "")) > n || /once more/.test(text);
    }, first, { timeout: 60_000 });
    const start = Date.now();
    await page.getByRole("button", { name: "Stop verifying" }).click();
    expect(await verdict(page, /Stopped/)).toContain("stopped before there was a verdict");
    expect(Date.now() - start).toBeLessThan(5000);
    expect(await longest()).toBeLessThan(1500);

    // the page goes on: another program is judged by the next worker
    await writeSource(page, SHORT_CHECK);
    await page.waitForFunction(() => /ttl/.test(document.querySelector(".verdict .program")?.textContent ?? ""), undefined, { timeout: 200_000 });
    await verdict(page, /Rejected/, "7.2");
    expect(errors).toEqual([]);
    await page.close();
  });

  it("judges a program at the limit to its end: the message, an explanation with numbers, a log that keeps its end", async () => {
    const { page, errors } = await openPage(context, host.url);
    await verdict(page, /Accepted|Rejected/);
    await writeSource(page, ENDLESS);
    await page.waitForFunction(() => /endless/.test(document.querySelector(".verdict .program")?.textContent ?? ""), undefined, { timeout: 200_000 });
    expect(await verdict(page, /Rejected/, "7.2")).toContain("BPF program is too large. Processed 1000001 insn");
    expect(await page.locator(".why").innerText()).toMatch(/The jump back at line \d+/);
    await tab(page, "Log").click();
    expect(await page.locator(".log-cut").innerText()).toContain("start of this log");
    // visit by visit: the last of a hundred thousand
    await tab(page, "Instructions").click();
    await page.locator(".code-row.insn", { has: page.locator(".visit-count") }).first().click();
    await page.getByRole("button", { name: "Last visit" }).click();
    await page.locator(".states").waitFor({ timeout: 120_000 });
    expect(await page.locator(".stepper").innerText()).toMatch(/visit ([\d,]+) of \1/);
    expect(errors).toEqual([]);
    await page.close();
  });
});

