import { describe, expect, it } from "vitest";
import { decodeLink, encodeLink, fromBase64Url, isLink, toBase64Url, MAX_FRAGMENT } from "./link.ts";
import { emptyProject } from "./project.ts";
import type { Project } from "./types.ts";

const full: Project = {
  schema: 1,
  files: { "main.bpf.c": "// ünïcode 🐝\nint x;\n", "lib/util.h": "#define A 1\n" },
  activeFile: "lib/util.h",
  kernel: "6.16",
  overlay: "{\"schema\":1}",
  flags: { opt: "-O1", debug: false, mcpu: "v4", extra: ["-DX=1"] },
  program: "drop.it",
  input: { dataIn: "00 11", ctxIn: "ff", repeat: 7, preset: "udp" },
  maps: { counts: [{ key: "00000000", value: "01" }] },
  selectedInsn: 12,
  logLevel: 2,
  unprivileged: true,
};

describe("share links", () => {
  it("brings back everything", async () => {
    const link = await encodeLink(full);
    expect(link).toMatch(/^v1\.k=6%2E16&O=1&cpu=v4&p=drop%2Eit\.[A-Za-z0-9_-]+$/);
    expect(await decodeLink(link)).toEqual({ ok: true, value: full });
    expect(await decodeLink("#" + link)).toEqual({ ok: true, value: full });
  });

  it("fills defaults that a link leaves out", async () => {
    const project = { ...emptyProject(), files: { "main.bpf.c": "x" } };
    const link = await encodeLink(project);
    expect(link.length).toBeLessThan(140);
    expect(await decodeLink(link)).toEqual({ ok: true, value: project });
  });

  it("reads a link written when version 1 was frozen", async () => {
    const frozen = "v1.k=7%2E2&O=2&cpu=v3.q1YqTs5IzU1UsjLUUUrLzEktVrKqVspNzMzTSypI00tWslLKzCtRqMgtsFaq1VHKTi3KS81RslIy1zNSqgUA";
    expect(await decodeLink(frozen)).toMatchObject({ ok: true, value: { kernel: "7.2", files: { "main.bpf.c": "int xmp;" } } });
  });

  it.each([
    ["", "not a link"],
    ["v2.abc", "version 2"],
    ["v99999999999.abc", "version 999999"],
    ["v1.", "damaged"],
    ["v1.k=7.2.%%%", "damaged"],
    ["v1.AAAA", "damaged"],
    ["v1." + "A".repeat(MAX_FRAGMENT), "characters long"],
  ])("refuses a bad link, case %#", async (link, why) => {
    const result = await decodeLink(link);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.error).toContain(why);
  });

  it("refuses every cut of a link and never throws", async () => {
    const link = await encodeLink(full);
    for (let n = 3; n < link.length - 4; n += 7) {
      const result = await decodeLink(link.slice(0, n));
      expect(result.ok).toBe(false);
    }
  });

  it("stops inflating a bomb", async () => {
    const stream = new Blob([new Uint8Array(64 * 1024 * 1024)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    const packed = new Uint8Array(await new Response(stream).arrayBuffer());
    const result = await decodeLink("v1." + toBase64Url(packed));
    expect(result).toMatchObject({ ok: false, error: expect.stringContaining("unpacks to more than") });
  });

  it.each([
    [{ schema: 2, files: { "a.c": "" } }, "schema"],
    [[], "object"],
    [{ schema: 1, files: {} }, "none"],
    [{ schema: 1, files: { "../a.c": "" } }, "letters"],
    [{ schema: 1, files: { "a.c": 5 } }, "not text"],
    [{ schema: 1, files: { "vmlinux.h": "" } }, "chosen kernel"],
    [{ schema: 1, files: { "a.c": "x".repeat(600_000) } }, "larger"],
    [{ schema: 1, files: { "a.c": "" }, kernel: "<b>" }, "kernel"],
    [{ schema: 1, files: { "a.c": "" }, flags: { opt: "-O9" } }, "flags.opt"],
    [{ schema: 1, files: { "a.c": "" }, input: { repeat: -1 } }, "repeat"],
    [{ schema: 1, files: { "a.c": "" }, maps: { m: [{ key: 1 }] } }, "maps.m"],
  ])("says what is wrong in a bad project, case %#", async (json, why) => {
    const stream = new Blob([JSON.stringify(json)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    const packed = new Uint8Array(await new Response(stream).arrayBuffer());
    const result = await decodeLink("v1." + toBase64Url(packed));
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.error).toContain(why);
  });

  it("knows its own kind", () => {
    expect(isLink("#v1.x")).toBe(true);
    expect(isLink("v7.x")).toBe(true);
    expect(isLink("#api/bpf_loop")).toBe(false);
  });

  it("base64url both ways", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
    expect(fromBase64Url("a b")).toBeUndefined();
  });
});
