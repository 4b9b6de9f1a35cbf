/**
 * Debian packages of several suites, without touching the host's apt: own source list, own `Dir::State`, own
 * cache. The mirror is the one the host already uses, so no address is written down here.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { cacheFolder } from "./cache.ts";

/** A binary package as the archive describes it. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** Hexadecimal SHA-256 of the .deb, from the signed index. */
  readonly sha256: string;
  /** Size of the .deb in bytes. */
  readonly size: number;
}

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Suites below the main archive, and below the security archive. */
const mainSuites = ["bullseye", "bookworm", "trixie", "trixie-backports"];
const securitySuites = ["bullseye-security", "bookworm-security", "trixie-security"];

const folder = cacheFolder("apt");

function options(): string[] {
  const set: Record<string, string> = {
    "Dir::State": join(folder, "state"),
    "Dir::Cache": join(folder, "cache"),
    "Dir::Etc::sourcelist": join(folder, "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Acquire::Languages": "none",
    "APT::Architecture": "amd64",
    "APT::Sandbox::User": "root",
  };
  return Object.entries(set).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
}

function run(command: string, args: string[], cwd?: string): string {
  return execFileSync(command, args, { encoding: "utf8", cwd, maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "inherit"] });
}

/** The host's own Debian mirrors: [main archive, security archive]. */
function mirrors(): [string, string] {
  const lines = run("apt-get", ["indextargets", "--format", "$(ORIGIN)\t$(LABEL)\t$(REPO_URI)"]).split("\n");
  const find = (label: string): string => {
    const line = lines.map((text) => text.split("\t")).find(([origin, name]) => origin === "Debian" && name === label);
    if (!line?.[2]) throw new Error(`apt knows no source labelled "${label}" on this machine (is this Debian, and has apt-get update run?)`);
    return line[2];
  };
  return [find("Debian"), find("Debian-Security")];
}

/** Brings the package lists up to date, at most once a day unless `force`. */
export function updateLists(force = false): void {
  const stamp = join(folder, "updated");
  if (!force && existsSync(stamp) && Date.now() - statSync(stamp).mtimeMs < 86_400_000) return;
  mkdirSync(join(folder, "state", "lists", "partial"), { recursive: true });
  mkdirSync(join(folder, "cache", "archives", "partial"), { recursive: true });
  const [main, security] = mirrors();
  const lines = [...mainSuites.map((suite) => [main, suite]), ...securitySuites.map((suite) => [security, suite])];
  writeFileSync(join(folder, "sources.list"), lines.map(([uri, suite]) => `deb [signed-by=${keyring}] ${uri} ${suite} main\n`).join(""));
  run("apt-get", [...options(), "-qq", "update"]);
  writeFileSync(stamp, "");
}

/** Names of all packages that begin with `prefix`. */
export function packageNames(prefix: string): string[] {
  return run("apt-cache", [...options(), "pkgnames", prefix]).split("\n").filter(Boolean).sort();
}

/** Every version of a package in the lists, newest first; empty when there is none. */
export function packageVersions(name: string): Package[] {
  let text: string;
  try {
    text = execFileSync("apt-cache", [...options(), "show", name], { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return [];
  }
  return text.split("\n\n").flatMap((block) => {
    const field = (key: string) => new RegExp(`^${key}: (.*)$`, "m").exec(block)?.[1];
    const version = field("Version");
    const sha256 = field("SHA256");
    return field("Package") === name && version && sha256 ? [{ name, version, sha256, size: Number(field("Size")) }] : [];
  });
}

/** Downloads a package, checks it against the signed index's SHA-256, and returns the path of the .deb. */
export function download(pkg: Package): string {
  const target = join(cacheFolder("apt", "debs"), `${pkg.name}_${pkg.version}.deb`.replaceAll(":", "%3a"));
  if (!existsSync(target)) {
    const parts = join(folder, "debs", `${basename(target)}.parts`);
    rmSync(parts, { recursive: true, force: true });
    mkdirSync(parts);
    run("apt-get", [...options(), "-qq", "download", `${pkg.name}=${pkg.version}`], parts);
    const [name] = run("ls", [parts]).split("\n");
    renameSync(join(parts, name ?? ""), target);
    rmSync(parts, { recursive: true });
  }
  const sum = createHash("sha256").update(readFileSync(target)).digest("hex");
  if (sum !== pkg.sha256) {
    rmSync(target);
    throw new Error(`${pkg.name} ${pkg.version}: SHA-256 is ${sum}, the index says ${pkg.sha256}`);
  }
  return target;
}

/** Unpacks a .deb below `into` (the whole tree, or only the members matching tar's `patterns`). */
export function unpack(deb: string, into: string, patterns: string[] = []): void {
  mkdirSync(into, { recursive: true });
  const select = patterns.length ? `--wildcards ${patterns.map((pattern) => `'${pattern}'`).join(" ")}` : "";
  run("sh", ["-c", `dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --no-same-owner ${select}`, "sh", deb, into]);
}
