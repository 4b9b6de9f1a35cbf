/**
 * BPF objects that real projects ship, taken out of Debian's packages to `.cache/conformance/projects/`: object files
 * as such, and those that skeletons carry inside programs and libraries.
 *
 *   node --import tsx e2e/conformance/projects.ts
 *
 * `projects.json` records where each object came from; the objects themselves stay outside the tree.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { download, packageVersions, unpack, updateLists } from "../oracle/apt.ts";
import { cacheFolder } from "../oracle/cache.ts";
import { hexDigest } from "../oracle/judge.ts";

/** Packages that ship BPF objects in one form or the other. */
const packages = ["libbpf-tools", "xdp-tools", "libxdp1", "ir-keytable", "systemd", "linux-perf", "qemu-system-common", "qemu-system-x86", "knot", "suricata", "bpftool", "opensnitch-ebpf-modules"];

const relocatable = 1;
const bpfMachine = 247;

/** Where BPF objects (64-bit little-endian relocatable ELF) begin and end in a file. Sizes are read, not trusted. */
export function findObjects(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  const magic = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    if (at + 64 > bytes.length || bytes.readUInt16LE(at + 16) !== relocatable || bytes.readUInt16LE(at + 18) !== bpfMachine) continue;
    const sections = Number(bytes.readBigUInt64LE(at + 40));
    const count = bytes.readUInt16LE(at + 60);
    let end = sections + count * 64;
    if (at + end > bytes.length) continue;
    // A section's content may stand behind the table of sections.
    for (let i = 0; i < count; i++) {
      const header = at + sections + i * 64;
      const noBits = bytes.readUInt32LE(header + 4) === 8;
      if (!noBits) end = Math.max(end, Number(bytes.readBigUInt64LE(header + 24) + bytes.readBigUInt64LE(header + 32)));
    }
    if (at + end <= bytes.length) found.push(bytes.subarray(at, at + end));
  }
  return found;
}

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (entry.isFile()) yield path;
  }
}

function main(): void {
  updateLists();
  const out = cacheFolder("conformance", "projects");
  for (const name of readdirSync(out)) rmSync(join(out, name), { recursive: true });
  const manifest: { object: string; sha256: string; package: string; version: string; path: string }[] = [];
  for (const name of packages) {
    const pkg = packageVersions(name)[0];
    if (!pkg) {
      console.warn(`${name}: not in the archive`);
      continue;
    }
    const work = cacheFolder("conformance", "projects-work");
    unpack(download(pkg), work);
    let count = 0;
    for (const path of [...files(work)].sort()) {
      findObjects(readFileSync(path)).forEach((bytes, i, all) => {
        const sha256 = hexDigest(bytes);
        if (manifest.some((entry) => entry.sha256 === sha256)) return;
        const base = path.split("/").pop()?.replace(/\.o$/, "") ?? "";
        const object = `${name}--${base}${all.length > 1 ? `-${i}` : ""}.bpf.o`;
        writeFileSync(join(out, object), bytes);
        manifest.push({ object, sha256, package: name, version: pkg.version, path: relative(work, path) });
        count++;
      });
    }
    rmSync(work, { recursive: true });
    console.log(`${name} ${pkg.version}: ${count} objects`);
  }
  manifest.sort((a, b) => (a.object < b.object ? -1 : 1));
  writeFileSync(new URL("./projects.json", import.meta.url), `${JSON.stringify(manifest, null, 1)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
