import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { unzipSync, zipSync } from "fflate";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newProgress, resultLine, withStep } from "../../src/workshop/progress.ts";
import { parseWorkshop } from "../../src/workshop/parse.ts";
import { tinyFiles, tinyFolder } from "../../src/workshop/testing/tiny.ts";
import { dist, editorReady, kernelButton, launch, openPage, writeSource } from "./page.ts";
import { startHost, type Host } from "./static-server.ts";
import { folderWithTiny } from "./workshop-folder.ts";

const SLOW = 300_000;
const OWN = "int own; /* the attendee's own work */\n";
const files = tinyFiles();
const parsed = parseWorkshop(files);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
const workshop = parsed.value;
const solution = (step: number): string => workshop.steps[step]!.solution["main.bpf.c"]!;
const zipOf = (texts: Record<string, string>): Uint8Array => zipSync(Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, new TextEncoder().encode(text)])));

let browser: Browser;
let folder: string;
let host: Host;
beforeAll(async () => {
  browser = await launch();
  folder = folderWithTiny();
  host = await startHost({ folder });
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The states of the checks once they are about the text as it stands. */
async function checks(page: Page, wanted: readonly ("passed" | "failed")[]): Promise<void> {
  await page.waitForFunction((states) => {
    const list = document.querySelector<HTMLElement>(".check-list");
    return list?.dataset["stale"] === "false" && [...list.querySelectorAll<HTMLElement>(".check")].map((c) => c.dataset["state"]).join() === states.join();
  }, [...wanted], { timeout: SLOW });
}
const step = (page: Page, n: number) => page.getByRole("navigation", { name: /^Steps/ }).getByRole("button", { name: new RegExp(`^Step ${n},`) });
const editorText = (page: Page): Promise<string> => page.evaluate(() => document.querySelector(".view-lines")?.textContent?.replaceAll("\u00a0", " ") ?? "");
async function menu(page: Page, item: RegExp): Promise<void> {
  await page.getByRole("button", { name: "This workshop" }).click();
  await page.getByRole("menuitem", { name: item }).click();
}
async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const data = await page.evaluateHandle(({ n, b }) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(b)], n));
    return transfer;
  }, { n: name, b: [...bytes] });
  await page.dispatchEvent(".app", "drop", { dataTransfer: data });
}
const controlled = "navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null || new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', () => resolve(true), { once: true })))";

describe("taking a workshop", () => {
  let context: BrowserContext;
  let page: Page;
  let errors: string[];
  beforeAll(async () => {
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, permissions: ["clipboard-read", "clipboard-write"], acceptDownloads: true });
  });
  afterAll(() => context?.close());

  it("its text is there to be read while clang is still on its way", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => { release = resolve; });
    await context.route("**/toolchain/*.br", async (route) => {
      await held;
      await route.continue();
    });
    // The attendee has a project of their own, which is to be found again afterwards.
    const before = await openPage(context, host.url);
    await writeSource(before.page, OWN);
    await before.page.waitForTimeout(900);
    await before.page.close();
    ({ page, errors } = await openPage(context, `${host.url}#w=tiny`));
    await page.getByRole("heading", { name: "Let the packet through" }).waitFor({ timeout: 30_000 });
    expect(await page.locator(".prose").first().innerText()).toContain("A workshop as small as one can be");
    expect(await page.locator(".check[data-state=open]").count()).toBe(2);
    await page.locator(".checks-note", { hasText: "clang is on its way" }).waitFor();
    release();
    await checks(page, ["failed", "failed"]);
    expect(await page.locator(".check-detail").first().innerText()).toMatch(/^5\.10: rejected: /);
    expect(errors).toEqual([]);
  });

  it("the text is harmless, and its links act on the page", async () => {
    expect(await page.title()).toContain("Let the packet through");
    expect(await page.locator(".prose script").count()).toBe(0);
    expect(await page.locator(".workshop-text a[href^='javascript']").count()).toBe(0);
    await page.getByRole("button", { name: "See it on Linux 5.10" }).click();
    await page.waitForFunction(() => /Linux 5\.10/.test(document.querySelector(".verdict-detail")?.textContent ?? ""), undefined, { timeout: SLOW });
    expect(await page.getByRole("link", { name: "manual" }).getAttribute("rel")).toBe("noopener noreferrer");
    await kernelButton(page, "7.2").click();
  });

  it("hints come one at a time", async () => {
    await page.getByRole("button", { name: /A hint/ }).click();
    expect(await page.locator(".hint").count()).toBe(1);
    await page.getByRole("button", { name: /Another hint/ }).click();
    expect(await page.locator(".hint").count()).toBe(2);
    expect(await page.getByRole("button", { name: /hint/ }).count()).toBe(0);
  });

  it("checks follow what is typed, on every kernel they name", async () => {
    await writeSource(page, solution(0));
    await checks(page, ["passed", "passed"]);
    expect(await step(page, 1).getAttribute("aria-label")).toContain("passed");
    await page.locator(".checks .next").click();
    await page.getByRole("heading", { name: "Count what comes" }).waitFor();
    expect(page.url()).toBe(`${host.url}#w=tiny/02-count`);
    await checks(page, ["passed", "failed", "failed"]);
  });

  it("each step keeps its own files; Back leads to the step before; a reload changes nothing", async () => {
    await page.goBack();
    await page.getByRole("heading", { name: "Let the packet through" }).waitFor();
    await expect.poll(() => editorText(page)).toContain("data + 1 > data_end");
    await page.goForward();
    await expect.poll(() => editorText(page)).toContain("your turn");
    await page.waitForTimeout(900);
    await page.reload();
    await page.getByRole("heading", { name: "Count what comes" }).waitFor();
    await editorReady(page);
    await step(page, 1).click();
    await expect.poll(() => editorText(page)).toContain("data + 1 > data_end");
    await checks(page, ["passed", "passed"]);
    expect(errors).toEqual([]);
  });

  it("undo does not lead into another step's text", async () => {
    await page.locator(".monaco-editor .view-lines").first().click();
    for (let i = 0; i < 5; i++) await page.keyboard.press("ControlOrMeta+Z");
    expect(await editorText(page)).toContain("data + 1 > data_end");
  });

  it("a step is reset without losing the others, and the reset is undone", async () => {
    await page.getByRole("button", { name: "Reset" }).click();
    await expect.poll(() => editorText(page)).not.toContain("data_end");
    await checks(page, ["failed", "failed"]);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => editorText(page)).toContain("data + 1 > data_end");
    await checks(page, ["passed", "passed"]);
  });

  it("shows the difference to the solution, and puts the solution in", async () => {
    await step(page, 2).click();
    await page.getByRole("button", { name: "Solution" }).click();
    await page.locator(".solution-diff .line-insert").first().waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Use the solution" }).click();
    await checks(page, ["passed", "passed", "passed"]);
    await page.getByText("That was the last step.").waitFor();
  });

  it("progress goes into a file and comes back elsewhere; the result is a line", async () => {
    await menu(page, /My results/);
    await page.getByLabel("Name in the results").fill("Zoë");
    const line = /^bpfws1 tiny Zo%C3%AB \+\d+\.\d+,\+\d+\.\d+ [0-9a-f]{6}$/;
    expect(await page.getByLabel("Result line").inputValue()).toMatch(line);
    await page.getByRole("button", { name: "Copy the line" }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(line);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save the file" }).click()]);
    expect(download.suggestedFilename()).toBe("tiny-Zoë.progress.json");
    const path = await download.path();
    await page.keyboard.press("Escape");

    const other = await browser.newContext();
    const second = await openPage(other, `${host.url}#w=tiny`);
    await second.page.getByRole("heading", { name: "Let the packet through" }).waitFor();
    const choose = second.page.waitForEvent("filechooser");
    await menu(second.page, /Load progress/);
    await (await choose).setFiles({ name: "p.json", mimeType: "application/json", buffer: readFileSync(path) });
    await second.page.getByRole("heading", { name: "Count what comes" }).waitFor();
    expect(await step(second.page, 1).getAttribute("aria-label")).toContain("passed");
    const again = second.page.waitForEvent("filechooser");
    await menu(second.page, /Load progress/);
    await (await again).setFiles({ name: "bad.json", mimeType: "application/json", buffer: Buffer.from('{"schema":1,"workshop":"other","steps":{}}') });
    await second.page.getByText(/belongs to the workshop “?"?other/).waitFor();
    expect([...errors, ...second.errors]).toEqual([]);
    await other.close();
  });

  it("leaving gives back the project that was open before", async () => {
    await menu(page, /Leave/);
    await page.locator(".workshop").waitFor({ state: "detached" });
    expect(new URL(page.url()).hash).toBe("");
    await expect.poll(() => editorText(page)).toContain("the attendee's own work");
    await page.waitForTimeout(900);
    const kept = await page.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith("bpf-playground/doc/")).map((k) => (JSON.parse(localStorage.getItem(k)!) as { project: { files: Record<string, string> } }).project.files["main.bpf.c"]));
    expect(kept).toEqual([OWN]);
  });

  it("opening an example leaves the workshop, and offers the way back", async () => {
    await page.goto(`${host.url}#w=tiny/2`);
    await page.getByRole("heading", { name: "Count what comes" }).waitFor();
    await page.getByRole("button", { name: "Examples" }).click();
    await page.locator(".example").first().click();
    await page.locator(".workshop").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Back to it" }).click();
    await page.getByRole("heading", { name: "Count what comes" }).waitFor();
    await checks(page, ["passed", "passed", "passed"]);
    expect(errors).toEqual([]);
    await page.close();
  });
});

it("an opened workshop works with the server gone", async () => {
  const gone = await startHost({ folder, path: "/deep/" });
  const context = await browser.newContext();
  const first = await openPage(context, `${gone.url}#w=tiny/2`);
  await checks(first.page, ["passed", "failed", "failed"]);
  await first.page.evaluate(controlled);
  await expect.poll(() => gone.requests.includes("kernels/5.10.pack"), { timeout: 60_000 }).toBe(true);
  await first.page.waitForTimeout(2500);
  await first.page.close();
  await gone.close();
  const { page, errors } = await openPage(context, `${gone.url}#w=tiny/1`);
  await page.getByRole("heading", { name: "Let the packet through" }).waitFor({ timeout: 60_000 });
  await writeSource(page, solution(0));
  // Step 1 was never open before, and asks Linux 5.10 too: every kernel of the workshop has been kept.
  await checks(page, ["passed", "passed"]);
  await step(page, 2).click();
  await writeSource(page, solution(1));
  await checks(page, ["passed", "passed", "passed"]);
  expect(errors).toEqual([]);
  await context.close();
});

describe("a workshop from elsewhere", () => {
  let other: Server;
  let base: string;
  let answers = true;
  let context: BrowserContext;
  beforeAll(async () => {
    other = createServer((request, response) => {
      const cors = request.url?.startsWith("/closed") ? {} : { "Access-Control-Allow-Origin": "*" };
      if (!answers) return void response.destroy();
      if (request.url?.endsWith("/tiny.zip")) response.writeHead(200, cors).end(zipOf(Object.fromEntries(Object.entries(files).map(([p, t]) => [`repo-main/${p}`, t]))));
      else if (request.url === "/page.zip") response.writeHead(200, cors).end("<!doctype html><title>Not found</title>");
      else if (request.url === "/large.zip") response.writeHead(200, { ...cors, "Content-Length": 900_000_000 }).end("PK");
      else if (request.url === "/endless.zip") {
        response.writeHead(200, cors);
        const chunk = Buffer.alloc(1 << 20);
        const more = (): void => { while (!response.destroyed && response.write(chunk)); };
        response.on("drain", more);
        more();
      } else response.writeHead(404, cors).end("no");
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    context = await browser.newContext();
  });
  afterAll(async () => {
    await context?.close();
    other?.closeAllConnections();
    await new Promise((resolve) => other?.close(resolve));
  });

  it("opens from an address, and without the network the next time", async () => {
    const address = `${host.url}?workshop=${encodeURIComponent(`${base}/tiny.zip`)}`;
    const first = await openPage(context, address);
    await first.page.getByRole("heading", { name: "Let the packet through" }).waitFor();
    await step(first.page, 2).click();
    expect(first.page.url()).toBe(`${address}#step=02-count`);
    await first.page.close();
    answers = false;
    const again = await openPage(context, `${address}#step=02-count`);
    await again.page.getByRole("heading", { name: "Count what comes" }).waitFor();
    await again.page.getByText(/copy kept in this browser/).waitFor();
    answers = true;
    expect([...first.errors, ...again.errors]).toEqual([]);
    await again.page.close();
  });

  it.each([
    ["/closed/tiny.zip", /does not let other pages read the file/],
    ["/missing.zip", /the server answered 404/],
    ["/page.zip", /neither a zip archive nor a workshop/],
    ["/large.zip", /900,000,000 bytes; 8,388,608 is the most/],
    ["/endless.zip", /longer than 8,388,608 bytes/],
  ])("%s is refused in words, and what was open stays", async (path, words) => {
    const { page, errors } = await openPage(context, `${host.url}?workshop=${encodeURIComponent(base + path)}`);
    await page.locator(".toast.bad", { hasText: words }).waitFor({ timeout: 60_000 });
    expect(await page.locator(".workshop").count()).toBe(0);
    expect(errors).toEqual([]);
    await page.close();
  });

  it.each(["javascript:alert(1)", "file:///etc/passwd", "ftp://x/y.zip"])("%s is no address", async (url) => {
    const { page, errors } = await openPage(context, `${host.url}?workshop=${encodeURIComponent(url)}`);
    await page.locator(".toast.bad", { hasText: /loaded from https/ }).waitFor({ timeout: 60_000 });
    expect(errors).toEqual([]);
    await page.close();
  });

  it("a dropped zip opens and survives a reload; hostile ones are refused", async () => {
    const own = await browser.newContext();
    const { page, errors } = await openPage(own, host.url);
    await editorReady(page);
    const hostile: [Record<string, string>, RegExp][] = [
      [{ ...files, "../../evil.md": "x" }, /lead out of its folder/],
      [{ ...files, "01-pass/starter/bomb.c": "\0".repeat(60_000_000) }, /bomb\.c unpacks to more than/],
      [{ "README.md": "x" }, /no workshop\.md/],
      [{ ...files, "workshop.md": "---\nschema: 1\nid: ../../x\n---\n" }, /cannot be used: .*not made of letters/],
    ];
    for (const [content, words] of hostile) {
      await drop(page, "w.zip", zipOf(content));
      await page.locator(".toast.bad", { hasText: words }).waitFor({ timeout: 60_000 });
      expect(await page.locator(".workshop").count()).toBe(0);
    }
    await drop(page, "w.zip", zipOf(files));
    await page.getByRole("heading", { name: "Let the packet through" }).waitFor();
    expect(page.url()).toBe(`${host.url}#w=~tiny/01-pass`);
    await page.waitForTimeout(700);
    await page.reload();
    await page.getByRole("heading", { name: "Let the packet through" }).waitFor();
    expect(errors).toEqual([]);
    await own.close();
  });
});

it("a folder opens from the list, and is offered there again", async () => {
  const context = await browser.newContext();
  const { page, errors } = await openPage(context, host.url);
  await page.getByRole("button", { name: "Workshops" }).click();
  const choose = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: /Folder/ }).click();
  await (await choose).setFiles(tinyFolder);
  await page.getByRole("heading", { name: "Let the packet through" }).waitFor();
  expect(page.url()).toBe(`${host.url}#w=~tiny/01-pass`);
  await page.waitForTimeout(500);
  await menu(page, /Other workshops/);
  await page.getByLabel("Opened before").getByRole("menuitem", { name: /Two small steps/ }).waitFor();
  await page.getByRole("button", { name: "Forget Two small steps" }).click();
  await page.getByLabel("Opened before").waitFor({ state: "detached" });
  expect(errors).toEqual([]);
  await context.close();
});

describe("giving a workshop", () => {
  let context: BrowserContext;
  let page: Page;
  let errors: string[];
  beforeAll(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
    ({ page, errors } = await openPage(context, `${host.url}#w=tiny`));
    await page.getByRole("heading", { name: "Let the packet through" }).waitFor();
  });
  afterAll(() => context?.close());

  it("the presenter's window shows notes and clocks, and moves the page", async () => {
    await menu(page, /Give this workshop/);
    expect(await page.locator(".room-link").innerText()).toBe(`${host.url}#w=tiny`);
    const [second] = await Promise.all([context.waitForEvent("page"), page.getByRole("button", { name: "Open the presenter's window" }).click()]);
    const problems: string[] = [];
    second.on("pageerror", (e) => problems.push(e.message));
    await page.keyboard.press("Escape");
    await second.getByText("Ask the room why").waitFor({ timeout: 60_000 });
    await second.waitForFunction(() => /^0:0[1-9]/.test(document.querySelector(".clock-time")?.textContent ?? ""), undefined, { timeout: 20_000 });
    // A link in the notes acts on the page in front of the room.
    await second.getByRole("button", { name: "5.10", exact: true }).click();
    await expect.poll(() => kernelButton(page, "5.10").getAttribute("aria-checked")).toBe("true");
    await second.keyboard.press("ArrowRight");
    await page.getByRole("heading", { name: "Count what comes" }).waitFor();
    await second.getByText("This step has no notes.").waitFor();
    await second.getByRole("button", { name: "Large type" }).click();
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset["type"])).toBe("large");
    await second.getByRole("button", { name: /Address on the screen/ }).click();
    await page.locator(".room-screen .qr").waitFor();
    await second.getByRole("button", { name: /Address on the screen/ }).click();
    await page.locator(".room-screen").waitFor({ state: "detached" });
    await second.getByRole("button", { name: "Large type" }).click();
    expect(problems).toEqual([]);
    await second.close();
  });

  it("collects lines and files in a table, and gives it as CSV", async () => {
    const progress = (name: string, passed: number) => workshop.steps.slice(0, passed).reduce((p, s) => withStep(p, s.id, { passed: true, attempts: 2, seconds: 120, files: { "main.bpf.c": "int x;" } }), newProgress(workshop, name));
    await menu(page, /Give this workshop/);
    await page.getByRole("tab", { name: "Results" }).click();
    await page.getByLabel("Result lines").fill(`18:00 Ann: ${resultLine(progress("Ann", 2), workshop)}\n${resultLine(progress("Bo", 0), workshop)}\nbpfws1 tiny Eve +1.1,+1.1 000000`);
    await page.getByRole("button", { name: "Take lines" }).click();
    await page.locator(".results tbody tr").nth(1).waitFor();
    await page.locator(".collect-problems", { hasText: "damaged in copying" }).waitFor();
    const data = await page.evaluateHandle((text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], "zoe.progress.json"));
      return transfer;
    }, JSON.stringify(progress("Zoë", 1)));
    await page.dispatchEvent(".collect", "drop", { dataTransfer: data });
    await page.locator(".results tbody tr").nth(2).waitFor();
    expect(await page.locator(".results tfoot").innerText()).toMatch(/3 attendees\s+2\s+1/);
    await page.getByRole("button", { name: /show the text/ }).click();
    expect(await page.locator(".result-text pre").innerText()).toBe("int x;");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
    const csv = readFileSync(await download.path(), "utf8");
    expect(csv.split("\r\n").slice(1, 4)).toEqual(["Ann,2,passed,2,2.0,passed,2,2.0", "Bo,0,,0,0.0,,0,0.0", "Zoë,1,passed,2,2.0,,0,0.0"]);
    await page.keyboard.press("Escape");
    expect(errors).toEqual([]);
  });

  describe("as one zip", () => {
    let unpacked: string;
    beforeAll(async () => {
      await menu(page, /Give this workshop/);
      await page.getByRole("tab", { name: "Without internet" }).click();
      const [download] = await Promise.all([page.waitForEvent("download", { timeout: 120_000 }), page.getByRole("button", { name: "Make the zip" }).click()]);
      expect(download.suggestedFilename()).toBe("tiny-offline.zip");
      unpacked = mkdtempSync(join(tmpdir(), "offline-"));
      for (const [name, bytes] of Object.entries(unzipSync(readFileSync(await download.path())))) {
        expect(normalize(name)).toBe(name);
        expect(name.startsWith("tiny-offline/")).toBe(true);
        const path = join(unpacked, name);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, bytes);
      }
    });
    afterAll(() => rmSync(unpacked, { recursive: true, force: true }));

    it("holds what the workshop needs and no more, and says how it is served", () => {
      expect(readFileSync(join(unpacked, "tiny-offline/README.txt"), "utf8")).toMatch(/python3 -m http\.server/);
      const kernels = JSON.parse(readFileSync(join(unpacked, "tiny-offline/kernels/index.json"), "utf8")) as { kernels: { kernel: string }[] };
      expect(kernels.kernels.map((k) => k.kernel)).toEqual(["5.10", "7.2"]);
    });

    it.each([
      { how: "on localhost, with a service worker", name: "127.0.0.1" },
      { how: "in a room, by the name of a computer, without one", name: "room.test" },
    ])("opens from a static server $how, and asks nobody else for anything", async ({ name }) => {
      const local = await startHost({ folder: join(unpacked, "tiny-offline"), path: "/talk/" });
      const own = name === "127.0.0.1" ? browser : await launch(["--host-resolver-rules=MAP room.test 127.0.0.1"]);
      const room = await own.newContext();
      const asked: string[] = [];
      room.on("request", (request) => asked.push(request.url()));
      const url = local.url.replace("127.0.0.1", name);
      const { page: guest, errors: problems } = await openPage(room, url);
      await guest.getByRole("heading", { name: "Let the packet through" }).waitFor({ timeout: 60_000 });
      expect(await guest.evaluate(() => isSecureContext)).toBe(name === "127.0.0.1");
      await checks(guest, ["failed", "failed"]);
      await writeSource(guest, solution(0));
      await checks(guest, ["passed", "passed"]);
      await step(guest, 2).click();
      await writeSource(guest, solution(1));
      await checks(guest, ["passed", "passed", "passed"]);
      if (name === "127.0.0.1") {
        await guest.evaluate(controlled);
        await guest.waitForTimeout(2500);
        await local.close();
        await guest.reload();
        await guest.getByRole("heading", { name: "Count what comes" }).waitFor({ timeout: 60_000 });
        await checks(guest, ["passed", "passed", "passed"]);
      }
      expect(asked.filter((address) => !address.startsWith(url) && !/^(?:data|blob):/.test(address))).toEqual([]);
      expect(problems).toEqual([]);
      await room.close();
      if (own !== browser) await own.close();
      await local.close();
    });
  });
});

it("every workshop and essay of the page's own opens from the list, with its text and its first program", async () => {
  const shipped = await startHost({ folder: dist });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, serviceWorkers: "block" });
  const { page, errors } = await openPage(context, shipped.url);
  const list = JSON.parse(readFileSync(join(dist, "workshops/index.json"), "utf8")) as { workshops: { id: string; title: string; steps: { title: string }[] }[] };
  expect(list.workshops.length).toBeGreaterThanOrEqual(7);
  for (const { id, title, steps } of list.workshops) {
    await page.getByRole("button", { name: "Workshops" }).click();
    await page.locator(`.card[href="#w=${id}"]`).click();
    await page.getByRole("heading", { level: 1, name: steps[0]!.title }).waitFor();
    expect(await page.locator(".workshop-title").innerText()).toContain(title);
    expect(await page.locator(".step-rail li").count()).toBe(steps.length);
    expect(page.url()).toContain(`#w=${id}/`);
    await expect.poll(() => editorText(page), { timeout: SLOW }).toMatch(/SEC\(|extern|#include/);
  }
  expect(errors).toEqual([]);
  await context.close();
  await shipped.close();
});

it("on a phone: text, source and verdict one at a time, nothing wider than the screen", async () => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  const { page, errors } = await openPage(context, `${host.url}#w=tiny`);
  await page.getByRole("heading", { name: "Let the packet through" }).waitFor();
  expect(await page.locator(".editor-pane").isVisible()).toBe(false);
  const panes = page.getByRole("navigation", { name: "Panes" });
  await panes.getByRole("button", { name: "Source" }).click();
  expect(await page.locator(".editor-pane").isVisible()).toBe(true);
  expect(await page.locator(".workshop").isVisible()).toBe(false);
  await panes.getByRole("button", { name: "Verdict" }).click();
  expect(await page.locator(".results").isVisible()).toBe(true);
  await panes.getByRole("button", { name: "Text" }).click();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  expect(errors).toEqual([]);
  await context.close();
});
