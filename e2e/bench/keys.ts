// Typing while clang works: from a key to the frame after it, against the same keys with clang at rest. See README.md.
import { editorReady, verdict } from "../browser/page.ts";
import type { Chromium } from "./host.ts";
import { median, ms, quantile, ratio, table } from "./stats.ts";

const KEYS = 120;
const PAUSE_MS = 40;

interface Seen { at: number; frame: number; busy: boolean }

export async function keysBench(chromium: Chromium): Promise<void> {
  const context = await chromium.fresh();
  const page = await context.newPage();
  await page.goto(chromium.host.url);
  await verdict(page, /./, "7.2");
  await editorReady(page);
  await page.evaluate(() => {
    const seen: { at: number; frame: number; busy: boolean }[] = [];
    addEventListener("keydown", (event) => {
      const busy = document.querySelector('.verdict[aria-busy="true"]') !== null;
      requestAnimationFrame(() => {
        // The frame's own work comes after this callback: a message is handled once it is done.
        const channel = new MessageChannel();
        channel.port1.onmessage = () => seen.push({ at: event.timeStamp, frame: performance.now() - event.timeStamp, busy });
        channel.port2.postMessage(null);
      });
    }, { capture: true });
    Object.assign(window, { seen });
  });
  await page.locator(".monaco-editor .view-lines").first().click();
  await page.keyboard.press("ControlOrMeta+End");
  const type = async (): Promise<void> => {
    for (let i = 0; i < KEYS; i++) {
      await page.keyboard.press(i % 8 === 7 ? "Enter" : "/");
      // A pause now and then, so that a compile starts and the next keys fall into it.
      await page.waitForTimeout(i % 10 === 9 ? 450 : PAUSE_MS);
    }
  };
  await type();
  const seen = await page.evaluate(() => (window as unknown as { seen: Seen[] }).seen);
  await context.close();
  console.log("\nTyping in the page: from a key to the end of the next frame");
  const rows = (["while clang works", "clang at rest"] as const).map((name) => ({ name, values: seen.filter((s) => s.busy === (name === "while clang works")).map((s) => s.frame) }));
  table(["", "keys", "median", "95%", "longest"], rows.map(({ name, values }) => [name, String(values.length), ms(median(values)), ms(quantile(values, 0.95)), ms(Math.max(...values))]));
  if (rows.every((r) => r.values.length > 0)) console.log(`  busy to rest: ${ratio(median(rows[0]!.values) / median(rows[1]!.values))}; target: within a frame (two of 16.7 ms: the key may come at a frame's start): ${quantile(rows[0]!.values, 0.95) <= 33.4 ? "met" : "NOT met"}`);
}
