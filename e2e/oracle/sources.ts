/**
 * Kernel sources from Debian's linux-source packages, for what is built out of them outside the tree: libbpf for
 * the runner, bpftool, and the kernel's own test programs. Only the folders needed are unpacked, to
 * `.cache/sources/V/`; none of it is ever committed.
 *
 *   node --import tsx e2e/oracle/sources.ts [V…]
 */
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { download, packageVersions, unpack, updateLists } from "./apt.ts";
import { cacheFolder } from "./cache.ts";
import { imageRecords } from "./images.ts";

/** Series whose sources Debian carries. */
export const sourceSeries = ["6.1", "6.12", "7.2", "7.3"] as const;

const wanted = ["tools", "include/uapi", "include/linux", "kernel/bpf", "kernel/trace/bpf_trace.c", "net/core/filter.c", "net/bpf", "scripts"];

/** Folder of the unpacked sources of a series, of the same patch release as the recorded image where the archive has it. */
export function fetchSource(series: string): string {
  const folder = join(cacheFolder("sources"), series);
  if (existsSync(join(folder, "VERSION.debian"))) return folder;
  updateLists();
  const version = imageRecords().find((record) => record.kernel === series)?.version;
  const versions = packageVersions(`linux-source-${series}`);
  const pkg = versions.find((entry) => entry.version.startsWith(`${version}-`)) ?? versions[0];
  if (!pkg) throw new Error(`the archive has no linux-source-${series}`);
  const deb = download(pkg);
  const work = `${folder}.part`;
  rmSync(work, { recursive: true, force: true });
  unpack(deb, work, ["*/linux-source-*.tar.xz"]);
  rmSync(deb);
  const tarball = join(work, "usr/src", readdirSync(join(work, "usr/src")).find((name) => name.endsWith(".tar.xz")) ?? "");
  const top = `linux-source-${series}`;
  execFileSync("tar", ["-xJf", tarball, "-C", work, ...wanted.map((path) => `${top}/${path}`)], { stdio: "inherit" });
  writeFileSync(join(work, top, "VERSION.debian"), `${pkg.name} ${pkg.version} ${pkg.sha256}\n`);
  rmSync(folder, { recursive: true, force: true });
  renameSync(join(work, top), folder);
  rmSync(work, { recursive: true });
  return folder;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const args = process.argv.slice(2);
  for (const series of args.length ? args : sourceSeries) console.log(fetchSource(series));
}
