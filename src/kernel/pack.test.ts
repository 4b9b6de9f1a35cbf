import { existsSync, readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { unwrap } from "../base/result.ts";
import { decodePack, openPack, packEncoding, parseKernelConfig, readPack, writePack, type Decompress } from "./pack.ts";
import { smallPack } from "./testing/small-pack.ts";
import type { KernelIndex } from "./types.ts";

const decompress: Decompress = (encoding, bytes) => (encoding === "gzip" ? gunzipSync(bytes) : brotliDecompressSync(bytes));
const contents = { manifest: smallPack().manifest, btf: null, modules: new Map([["nf_nat", new Uint8Array([1, 2, 3])]]), config: "CONFIG_HZ=250\n# CONFIG_X is not set\n" };

describe("the container", () => {
  const bytes = writePack(contents);

  it("gives back what was written, and the same bytes for the same contents", () => {
    const read = unwrap(readPack(bytes));
    expect(read.manifest).toEqual(contents.manifest);
    expect(read.config).toBe(contents.config);
    expect(read.modules.get("nf_nat")).toEqual(new Uint8Array([1, 2, 3]));
    expect(read.btf).toBeNull();
    expect(writePack(read)).toEqual(bytes);
  });

  it("is recognised plain, gzipped, or else taken for brotli", async () => {
    expect(packEncoding(bytes)).toBe("plain");
    expect(packEncoding(gzipSync(bytes))).toBe("gzip");
    expect(packEncoding(new Uint8Array([0x5b, 1, 2]))).toBe("brotli");
    expect(unwrap(await decodePack(bytes, decompress))).toBe(bytes);
    expect(new Uint8Array(unwrap(await decodePack(gzipSync(bytes), decompress)))).toEqual(bytes);
  });

  it("refuses every cut", async () => {
    for (let length = 0; length < bytes.length; length += 7) {
      const read = readPack(bytes.subarray(0, length));
      expect(read.ok ? "taken" : read.error).toMatch(/kernel pack/);
    }
    const packed = gzipSync(bytes);
    const half = await decodePack(packed.subarray(0, packed.length >> 1), decompress);
    expect(half.ok ? "taken" : half.error).toBe(`the kernel pack is damaged: its ${packed.length >> 1} bytes are no whole gzip data`);
  });

  it("refuses every changed byte", () => {
    for (let at = 0; at < bytes.length; at += 11) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0x20;
      const read = readPack(damaged);
      expect(read.ok ? `taken with byte ${at} changed` : read.error).toMatch(/kernel pack/);
    }
  });

  it("refuses sections outside it, another schema and a manifest that is none", () => {
    const refuse = (manifest: unknown) => readPack(writePack({ ...contents, manifest: manifest as typeof contents.manifest }));
    expect(refuse({ ...contents.manifest, schema: 2 })).toEqual({ ok: false, error: "the kernel pack has schema 2; this version reads schema 1" });
    expect(refuse({ ...contents.manifest, helpers: undefined })).toEqual({ ok: false, error: "the kernel pack's manifest lacks helpers" });
    expect(refuse(null)).toEqual({ ok: false, error: "the kernel pack's manifest is no object" });
    expect(readPack(new Uint8Array(100))).toEqual({ ok: false, error: "this is not a kernel pack: it does not begin with BPFPACK1" });
  });

  it("says when BTF inside does not parse", () => {
    const opened = openPack(writePack({ ...contents, btf: new Uint8Array([0x9f, 0xeb, 1]) }));
    expect(opened.ok ? "taken" : opened.error).toMatch(/^the kernel pack's BTF is damaged: /);
  });

  it("reads a .config", () => {
    expect([...parseKernelConfig('CONFIG_A=y\nCONFIG_B="x y"\n# CONFIG_C is not set\nCONFIG_D=0x10\n')]).toEqual([["CONFIG_A", "y"], ["CONFIG_B", '"x y"'], ["CONFIG_D", "0x10"]]);
  });
});

const folder = join(import.meta.dirname, "../../public/kernels");
const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as KernelIndex;

describe.each(index.kernels)("public/kernels/$file", (entry) => {
  it("is what the index says, fits, and opens", async () => {
    expect(existsSync(join(folder, entry.file))).toBe(true);
    const file = readFileSync(join(folder, entry.file));
    expect(file.length).toBe(entry.bytes);
    expect(file.length).toBeLessThanOrEqual(2_000_000);
    expect(createHash("sha256").update(file).digest("hex")).toBe(entry.sha256);
    const pack = unwrap(openPack(unwrap(await decodePack(file, decompress))));
    expect(pack.manifest.kernel).toBe(entry.kernel);
    expect(pack.manifest.release).toBe(entry.release);
    expect(pack.manifest.helpers).toHaveLength(entry.helpers);
    expect(pack.manifest.kfuncs).toHaveLength(entry.kfuncs);
    expect(pack.btf !== null).toBe(entry.btf);
    expect([...pack.modules.keys()]).toEqual(pack.manifest.modules);
    for (const kfunc of pack.manifest.kfuncs) {
      const btf = kfunc.module === null ? pack.btf : pack.modules.get(kfunc.module);
      expect(btf?.type(kfunc.btfId)?.name).toBe(kfunc.name);
    }
    for (const helper of pack.manifest.helpers) {
      for (const index of Object.values(helper.allowed)) expect(index === -1 || helper.protos[index] !== undefined).toBe(true);
    }
  });
});
