/**
 * Builds the runner: libbpf as a static library from the newest kernel sources Debian has, and our C on top of it,
 * linked statically. Everything is made in `.cache/oracle/`.
 *
 * Needs Debian's gcc, make, libelf-dev, zlib1g-dev, libzstd-dev.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { cacheFolder } from "./cache.ts";
import { fetchSource } from "./sources.ts";

/** The sources libbpf is taken from. */
export const libbpfSeries = "7.3";

const sources = fileURLToPath(new URL("./runner/", import.meta.url));

/** Folder of the installed static libbpf: `include/bpf/*.h` and `libbpf.a`. Built on first use. */
export function buildLibbpf(): string {
  const out = join(cacheFolder("oracle"), `libbpf-${libbpfSeries}`);
  if (existsSync(join(out, "libbpf.a"))) return out;
  const folder = join(fetchSource(libbpfSeries), "tools/lib/bpf");
  cacheFolder("oracle", `libbpf-${libbpfSeries}`);
  const quiet = { stdio: ["ignore", "ignore", "inherit"] as ["ignore", "ignore", "inherit"] };
  execFileSync("make", ["-s", "-C", folder, `OUTPUT=${out}/`, `DESTDIR=${out}`, "prefix=/usr", `${out}/libbpf.a`, "install_headers"], quiet);
  return out;
}

/** Path of the runner, built when its sources are newer. */
export function buildRunner(): string {
  const libbpf = buildLibbpf();
  const uapi = join(fetchSource(libbpfSeries), "tools/include/uapi");
  const files = readdirSync(sources).filter((name) => /\.[ch]$/.test(name)).sort();
  const hash = createHash("sha256").update(libbpfSeries);
  for (const name of files) hash.update(readFileSync(join(sources, name)));
  const runner = join(cacheFolder("oracle"), `runner-${hash.digest("hex").slice(0, 12)}`);
  if (existsSync(runner)) return runner;
  const code = files.filter((name) => name.endsWith(".c")).map((name) => join(sources, name));
  const flags = ["-static", "-O2", "-g", "-Wall", "-Wextra", `-I${libbpf}/usr/include`, `-I${uapi}`, "-Wl,--wrap=syscall"];
  execFileSync("gcc", [...flags, "-o", `${runner}.part`, ...code, join(libbpf, "libbpf.a"), "-lelf", "-lz", "-lzstd"], { stdio: "inherit" });
  renameSync(`${runner}.part`, runner);
  return runner;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) console.log(buildRunner());
