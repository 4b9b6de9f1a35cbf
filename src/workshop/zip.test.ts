import { zipSync, strToU8, type Zippable } from "fflate";
import { describe, expect, it } from "vitest";
import { LIMITS, parseWorkshop } from "./parse.ts";
import { MAX_ZIP, readZip } from "./zip.ts";
import { tinyFiles } from "./testing/tiny.ts";

const pack = (files: Record<string, string | Uint8Array>, level: 0 | 9 = 9): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, typeof text === "string" ? strToU8(text) : text])) as Zippable, { level });
const below = (folder: string): Record<string, string> => Object.fromEntries(Object.entries(tinyFiles()).map(([path, text]) => [`${folder}/${path}`, text]));

describe("a zip", () => {
  it.each([["packed", 9], ["stored", 0]] as const)("gives its workshop, %s", (_how, level) => {
    const read = readZip(pack(tinyFiles(), level));
    expect(read).toEqual({ ok: true, value: tinyFiles() });
    expect(read.ok && parseWorkshop(read.value).ok).toBe(true);
  });

  it("gives the workshop of the folder it holds, without what systems leave behind", () => {
    const read = readZip(pack({ ...below("my-workshop-main"), "__MACOSX/my-workshop-main/._workshop.md": "x", "my-workshop-main/.git/config.md": "x", "my-workshop-main/picture.png": new Uint8Array(9) }));
    expect(read).toEqual({ ok: true, value: tinyFiles() });
  });

  const damaged = pack(tinyFiles());
  const refused: [string, Uint8Array, RegExp][] = [
    ["a path that climbs out", pack({ ...tinyFiles(), "../../etc/cron.md": "x" }), /lead out of its folder/],
    ["an absolute path", pack({ ...tinyFiles(), "/etc/passwd.txt": "x" }), /lead out of its folder/],
    ["a Windows path", pack({ ...tinyFiles(), "..\\x.md": "x" }), /lead out of its folder/],
    ["a bomb of one file", pack({ ...tinyFiles(), "01-pass/starter/big.c": new Uint8Array(200 * 1024 * 1024) }), /big\.c unpacks to more than/],
    ["a bomb of many files", pack({ ...tinyFiles(), ...Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`x/${i}.md`, new Uint8Array(200 * 1024).fill(32)])) }), /unpacks to more than 4,194,304/],
    ["too many files", pack(Object.fromEntries(Array.from({ length: LIMITS.files + 1 }, (_, i) => [`${i}.md`, ""]))), /more than 500 files/],
    ["an archive without a workshop", pack({ "README.md": "hi" }), /no workshop\.md/],
    ["an archive of two", pack({ ...below("a"), ...below("b") }), /2 workshops \(a, b\)/],
    ["text that is none", pack({ "workshop.md": new Uint8Array([0xff, 0xfe, 0x00]) }), /not UTF-8/],
    ["half an archive", damaged.subarray(0, damaged.length >> 1), /ends before|damaged/],
    ["nothing", new Uint8Array(), /not a zip/],
    ["something else", strToU8("<!doctype html>"), /not a zip/],
    ["too much", new Uint8Array(MAX_ZIP + 1), /is the most/],
  ];
  it.each(refused)("refuses %s", (_what, bytes, why) => {
    const start = performance.now();
    const read = readZip(bytes);
    expect(read.ok ? "taken" : read.error).toMatch(why);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it("survives any damage without a throw", () => {
    const whole = pack(tinyFiles());
    let seed = 7;
    for (let round = 0; round < 300; round++) {
      const bytes = whole.slice();
      for (let i = 0; i < 4; i++) {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
        bytes[seed % bytes.length] = seed >>> 24;
      }
      const read = readZip(bytes);
      if (!read.ok) expect(read.error.length).toBeGreaterThan(5);
    }
  });
});
