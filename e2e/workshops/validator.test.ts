/** The validator itself: the template is sound, and what is wrong is found, with its place. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";
import { runCli } from "../../src/cli/main.ts";
import { TEMPLATE } from "../../src/cli/workshop-files.ts";

const room = mkdtempSync(join(tmpdir(), "workshop-"));
afterAll(() => rmSync(room, { recursive: true, force: true }));

interface Answer { exit: number; out: string[]; err: string[] }
async function workshop(...args: string[]): Promise<Answer> {
  const out: string[] = [];
  const err: string[] = [];
  const exit = await runCli(["workshop", ...args], { line: (t) => out.push(t), error: (t) => err.push(t), colour: false, width: 100 });
  return { exit, out, err };
}

const folder = join(room, "mine");
const edit = (file: string, from: string | RegExp, to: string): void => {
  const path = join(folder, file);
  const text = readFileSync(path, "utf8");
  const changed = text.replace(from, to);
  expect(changed, `${file} contains ${String(from)}`).not.toBe(text);
  writeFileSync(path, changed);
};
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(TEMPLATE, folder, { recursive: true });
});

it("new makes a workshop that check finds sound", async () => {
  const target = join(room, "fresh-one");
  const made = await workshop("new", target);
  expect(made).toMatchObject({ exit: 0, err: [] });
  expect(readFileSync(join(target, "workshop.md"), "utf8")).toContain("id: fresh-one");
  const checked = await workshop("check", target);
  expect(checked.err).toEqual([]);
  expect(checked.exit).toBe(0);
  expect(checked.out.at(-1)).toContain("1 of 1 steps proven");
});

it("new does not write into a folder that is there, nor under a name that is no id", async () => {
  expect(await workshop("new", folder)).toMatchObject({ exit: 2, err: [expect.stringContaining("is there already")] });
  expect(await workshop("new", join(room, "a b"))).toMatchObject({ exit: 2, err: [expect.stringContaining('not "a b"')] });
});

it("a solution that fails is told with the check and what was found", async () => {
  edit("01-first-step/solution/main.bpf.c", "XDP_PASS", "XDP_TX");
  const { exit, out } = await workshop("check", folder);
  expect(exit).toBe(1);
  expect(out.join("\n")).toContain('the solution fails "the packet passes": 5.10: it returned 3');
});

it("a starter that passes everything is told", async () => {
  edit("01-first-step/starter/main.bpf.c", "XDP_DROP", "XDP_PASS");
  const { exit, out } = await workshop("check", folder);
  expect(exit).toBe(1);
  expect(out.join("\n")).toContain("the starter passes every check");
});

it("a solution that does not compile is told with clang's words", async () => {
  edit("01-first-step/solution/main.bpf.c", "return XDP_PASS", "return XDP_PASSES");
  const { exit, out } = await workshop("check", folder);
  expect(exit).toBe(1);
  expect(out.join("\n")).toMatch(/does not compile: main\.bpf\.c:7: use of undeclared identifier 'XDP_PASSES'/);
});

it("a quoted message that no kernel says is told", async () => {
  edit("01-first-step/starter/main.bpf.c", "return XDP_DROP;", "return *(int *)(long)ctx->data;");
  edit("01-first-step/step.md", "Explain **one**", "```log\ninvalid access to packet, off=0 size=4, R1(…)\n```\n\nExplain **one**");
  expect((await workshop("check", folder)).exit).toBe(0);
  edit("01-first-step/step.md", "size=4", "size=8");
  const { exit, out } = await workshop("check", folder);
  expect(exit).toBe(1);
  expect(out.join("\n")).toContain('the text quotes "invalid access to packet, off=0 size=8, R1(…)", which no kernel it names says');
});

it("JSON has a line for each step and one for the workshop", async () => {
  edit("01-first-step/starter/main.bpf.c", "XDP_DROP", "XDP_PASS");
  const { exit, out } = await workshop("check", folder, "--json");
  const lines = out.map((l) => JSON.parse(l) as Record<string, unknown>);
  expect(exit).toBe(1);
  expect(lines[0]).toMatchObject({ schema: 1, kind: "step", step: "01-first-step", proven: false, kernels: ["7.2", "5.10", "6.12"], solution: [{ passed: true }, { passed: true }] });
  expect(lines[1]).toMatchObject({ schema: 1, kind: "workshop", id: "template", proven: 0 });
});

const step = "01-first-step/step.md";
it.each<[string, () => void, string]>([
  ["a kernel that is not there", () => edit(step, "kernel: 7.2", "kernel: 7.9"), "there is no kernel 7.9 (nearest: 7."],
  ["a packet that is not there", () => edit(step, "preset: dns", "preset: dhcp"), `${step}: input.preset: "dhcp" is no packet`],
  ["bytes that are none", () => edit(step, "{preset: dns}", "{data: 0z}"), `${step}: input.data: "0z" is neither hexadecimal`],
  ["a link nothing follows", () => edit(step, "do:kernel/5.10", "do:kernels/5.10"), 'the link "do:kernels/5.10" is not followed'],
  ["a link to a step that is not there", () => edit(step, "do:kernel/5.10", "do:step/02-next"), 'the link "do:step/02-next" leads to no step'],
  ["a custom kernel that is not there", () => edit(step, "kernels: [5.10", "kernels: [7.2+gone"), '"7.2+gone": there is no labs/gone.json'],
  ["a custom kernel of another name", () => { mkdirSync(join(folder, "labs")); writeFileSync(join(folder, "labs/gone.json"), '{"schema": 1, "name": "away"}'); edit(step, "kernels: [5.10", "kernels: [7.2+gone"); }, 'labs/gone.json: name: is "away"; it has to be "gone"'],
  ["a custom kernel that is none", () => { mkdirSync(join(folder, "labs")); writeFileSync(join(folder, "labs/gone.json"), "{"); }, "labs/gone.json: custom kernel: not JSON"],
  ["a file name the page cannot open", () => writeFileSync(join(folder, "01-first-step/starter/notes.txt"), "x"), "the name must end in .c or .h"],
  ["a misspelt field", () => edit(step, "hints:", "hint:"), `${step}: hint: is not a name this format knows`],
  ["no workshop.md", () => rmSync(join(folder, "workshop.md")), "workshop.md: is missing"],
])("finds %s, and says where", async (_what, harm, message) => {
  harm();
  const { exit, err } = await workshop("check", folder);
  expect(exit).toBe(2);
  expect(err.join("\n")).toContain(message);
});

it("advice does not fail a workshop", async () => {
  edit("workshop.md", "minutes: 5", "minutes: 50");
  const { exit, err } = await workshop("check", folder, "--files-only");
  expect(exit).toBe(0);
  expect(err.join("\n")).toContain("workshop.md: minutes: advice: says 50, and the steps' minutes are 5 together");
});

it("wrong usage is one line and exit status 2", async () => {
  expect(await workshop()).toMatchObject({ exit: 2, err: [expect.stringContaining("takes check DIR…, new DIR or index")] });
  expect(await workshop("check")).toMatchObject({ exit: 2 });
  expect(await workshop("check", join(room, "nowhere"))).toMatchObject({ exit: 2, err: [expect.stringContaining("no such folder")] });
  expect(await workshop("check", folder, "--step", "09-none")).toMatchObject({ exit: 2, err: [expect.stringContaining('no step "09-none"; there are 01-first-step')] });
});
