import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { unwrap } from "../base/result.ts";
import { readHeaderPack, writeHeaderPack } from "./headers.ts";
import { readManifest } from "./toolchain.ts";

const toolchain = join(import.meta.dirname, "../../public/toolchain");
const pack = { packages: [{ name: "x", version: "1", licence: "MIT" }], files: new Map([["b/c.h", new Uint8Array([1, 2, 3])], ["a.h", new Uint8Array(0)]]) };

test("a pack reads back as it was written, whatever the order", () => {
  const bytes = writeHeaderPack(pack);
  const read = unwrap(readHeaderPack(bytes));
  expect(read.packages).toEqual(pack.packages);
  expect([...read.files]).toEqual([["a.h", new Uint8Array(0)], ["b/c.h", new Uint8Array([1, 2, 3])]]);
  expect(writeHeaderPack({ ...pack, files: new Map([...pack.files].reverse()) })).toEqual(bytes);
});

test("a cut pack is an error at every length", () => {
  const bytes = writeHeaderPack(pack);
  for (let n = 0; n < bytes.length; n++) expect(readHeaderPack(bytes.subarray(0, n)).ok).toBe(false);
  const lying = bytes.slice();
  lying.set([0xff, 0xff, 0xff, 0xff], 8);
  expect(readHeaderPack(lying).ok).toBe(false);
});

test("the shipped pack has the headers that programs include", () => {
  const { files, packages } = unwrap(readHeaderPack(brotliDecompressSync(readFileSync(join(toolchain, "headers.pack.br")))));
  for (const name of "bpf/bpf_helpers.h bpf/bpf_helper_defs.h bpf/bpf_core_read.h bpf/bpf_endian.h bpf/bpf_tracing.h bpf/usdt.bpf.h".split(" ")) expect(files.has(`usr/include/${name}`), name).toBe(true);
  for (const name of "bpf if_ether ip ipv6 tcp udp icmp icmpv6 in in6 pkt_cls types ptrace if_packet if_vlan errno btf perf_event stddef".split(" ")) {
    expect(files.has(`usr/include/linux/${name}.h`), name).toBe(true);
  }
  for (const name of "stddef stdint stdbool stdarg limits stdatomic float".split(" ")) expect(files.has(`usr/lib/clang/22/include/${name}.h`), name).toBe(true);
  expect(files.has("usr/include/asm/types.h")).toBe(true);
  for (const { licence, version } of packages) expect(licence.length * version.length).toBeGreaterThan(0);
});

test("clang.wasm is in the tree, and with the headers it is at most 12,000,000 bytes over the wire", () => {
  const manifest = unwrap(readManifest(readFileSync(join(toolchain, "toolchain.json"), "utf8")));
  let total = 0;
  for (const file of [manifest.clang, manifest.headers]) {
    const path = join(toolchain, file.url);
    expect(existsSync(path), path).toBe(true);
    expect(statSync(path).size).toBe(file.bytes);
    total += file.bytes;
  }
  expect(total).toBeLessThanOrEqual(12_000_000);
});
