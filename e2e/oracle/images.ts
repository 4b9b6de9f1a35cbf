/**
 * The real kernels: Debian's signed x86-64 images, fetched and unpacked to `.cache/kernels/V/`.
 *
 *   node --import tsx e2e/oracle/images.ts [V | V=PACKAGE]… [--newest]
 *
 * `images.json` records which package each release came from, with its checksum. A recorded package that has left
 * the archive is replaced by the newest patch release of the same series, and the record says so.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { download, packageNames, packageVersions, unpack, updateLists, type Package } from "./apt.ts";
import { cacheFolder } from "./cache.ts";

/** The kernel series this project simulates, oldest first. */
export const kernelSeries = ["5.10", "6.1", "6.12", "6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2", "7.3"] as const;

/** One record of images.json. */
export interface ImageRecord {
  /** Series, e.g. "7.2". */
  readonly kernel: string;
  /** What `uname -r` says, e.g. "7.2.12+deb13-amd64". */
  readonly release: string;
  /** Upstream version from the package, e.g. "7.2.12". */
  readonly version: string;
  /** The package that holds vmlinuz (and, up to 6.18, the modules too). */
  readonly image: Package;
  /** The package that holds the modules, where it is another one; null where the archive no longer has it. */
  readonly modules: Package | null;
  /** The package that holds the build configuration, where it is another one. */
  readonly base: Package | null;
}

/** An unpacked image. */
export interface KernelImage {
  readonly kernel: string;
  readonly release: string;
  readonly version: string;
  /** Folder with vmlinuz, config and modules/. */
  readonly folder: string;
  readonly vmlinuz: string;
  readonly config: string;
  /** Folder of .ko / .ko.xz files, or null where Debian's archive has none for this release. */
  readonly modules: string | null;
}

const recordFile = new URL("./images.json", import.meta.url);

/** The recorded images, oldest kernel first. */
export function imageRecords(): ImageRecord[] {
  return existsSync(recordFile) ? (JSON.parse(readFileSync(recordFile, "utf8")) as ImageRecord[]) : [];
}

/** The record of one series. Throws when the series is unknown. */
export function imageRecord(kernel: string): ImageRecord {
  const record = imageRecords().find((entry) => entry.kernel === kernel);
  if (!record) throw new Error(`no image is recorded for kernel ${kernel}; known: ${imageRecords().map((entry) => entry.kernel).join(", ")}`);
  return record;
}

function compareVersions(a: string, b: string): number {
  const numbers = (text: string) => text.split(/\D+/).map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference) return difference;
  }
  return 0;
}

/** Candidate image packages of a series: signed before unsigned, image alone before image with modules, newest first. */
function candidates(kernel: string): Package[] {
  const series = kernel.replace(".", "\\.");
  const name = new RegExp(`^linux-(binary-unsigned|binary|image)-${series}\\.\\d+(-\\d+|\\+deb\\d+(\\.\\d+)?)-amd64$`);
  const rank = (pkg: Package) => ["linux-binary-u", "linux-image-", "linux-binary-"].findIndex((prefix) => pkg.name.startsWith(prefix));
  return packageNames("linux-")
    .filter((entry) => name.test(entry))
    .flatMap(packageVersions)
    .filter((pkg) => pkg.size > 1_000_000) // a meta package of the same name has a few kB
    .sort((a, b) => compareVersions(upstream(b), upstream(a)) || rank(b) - rank(a) || compareVersions(b.version, a.version));
}

const upstream = (pkg: Package): string => pkg.version.replace(/-.*/, "");
const releaseOf = (pkg: Package): string => pkg.name.replace(/^linux-(binary-unsigned|binary|image)-/, "");

/** What to fetch for a series: the package named, else the recorded one while the archive has it, else the newest. */
function choose(kernel: string, options: FetchOptions): ImageRecord {
  const recorded = imageRecords().find((entry) => entry.kernel === kernel);
  if (recorded && !options.newest && !options.package) {
    if (packageVersions(recorded.image.name).some((pkg) => pkg.sha256 === recorded.image.sha256)) return recorded;
    console.warn(`${kernel}: ${recorded.image.name} ${recorded.image.version} has left the archive; taking the newest of the series`);
  }
  const image = options.package ? packageVersions(options.package)[0] : candidates(kernel)[0];
  if (!image) throw new Error(`${kernel}: the archive has no image of this series`);
  const release = releaseOf(image);
  const companion = (name: string) => packageVersions(`linux-${name}-${release}`).find((pkg) => pkg.version === image.version) ?? null;
  return { kernel, release, version: upstream(image), image, modules: companion("modules"), base: companion("base") };
}

/** How to choose an image other than the recorded one. */
export interface FetchOptions {
  /** Take the newest patch release of the series. */
  readonly newest?: boolean;
  /** Take this image package. */
  readonly package?: string;
}

/** Fetches and unpacks one image unless it is there, and returns where its parts are. */
export function fetchImage(kernel: string, options: FetchOptions = {}): KernelImage {
  const folder = join(cacheFolder("kernels"), kernel);
  const stamp = join(folder, "image.json");
  const recorded = imageRecords().find((entry) => entry.kernel === kernel);
  if (recorded && !options.newest && !options.package && existsSync(stamp) && readFileSync(stamp, "utf8") === JSON.stringify(recorded)) return describe(recorded, folder);
  updateLists();
  const record = choose(kernel, options);
  const work = `${folder}.part`;
  rmSync(work, { recursive: true, force: true });
  for (const pkg of [record.image, record.modules, record.base]) {
    if (!pkg) continue;
    const deb = download(pkg);
    unpack(deb, work);
    rmSync(deb);
  }
  const out = `${folder}.new`;
  rmSync(out, { recursive: true, force: true });
  cacheFolder("kernels", `${kernel}.new`);
  const take = (prefix: string, name: string) => {
    for (const boot of [join(work, "boot"), join(work, "usr/lib/modules", record.release)]) {
      const file = existsSync(boot) ? readdirSync(boot).find((entry) => entry === prefix || entry.startsWith(`${prefix}-`) || entry === `${prefix}.unsigned`) : undefined;
      if (!file) continue;
      renameSync(join(boot, file), join(out, name));
      return true;
    }
    return false;
  };
  if (!take("vmlinuz", "vmlinuz")) throw new Error(`${kernel}: ${record.image.name} holds no vmlinuz`);
  take("config", "config");
  for (const base of ["usr/lib/modules", "lib/modules"]) {
    const modules = join(work, base, record.release, "kernel");
    if (existsSync(modules) && !existsSync(join(out, "modules"))) renameSync(modules, join(out, "modules"));
  }
  writeFileSync(join(out, "image.json"), JSON.stringify(record));
  rmSync(folder, { recursive: true, force: true });
  renameSync(out, folder);
  rmSync(work, { recursive: true, force: true });
  remember(record);
  return describe(record, folder);
}

function describe(record: ImageRecord, folder: string): KernelImage {
  const modules = join(folder, "modules");
  return {
    kernel: record.kernel,
    release: record.release,
    version: record.version,
    folder,
    vmlinuz: join(folder, "vmlinuz"),
    config: join(folder, "config"),
    modules: existsSync(modules) ? modules : null,
  };
}

function remember(record: ImageRecord): void {
  const order = (kernel: string) => kernelSeries.findIndex((entry) => entry === kernel);
  const records = [...imageRecords().filter((entry) => entry.kernel !== record.kernel), record];
  records.sort((a, b) => order(a.kernel) - order(b.kernel));
  writeFileSync(recordFile, `${JSON.stringify(records, null, 2)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const args = process.argv.slice(2);
  const wanted = args.filter((arg) => !arg.startsWith("--"));
  for (const word of wanted.length ? wanted : kernelSeries) {
    const [kernel = "", named] = word.split("=");
    const image = fetchImage(kernel, { newest: args.includes("--newest"), package: named });
    console.log(`${kernel}\t${image.release}\t${image.version}\t${image.modules ? "with modules" : "no modules in the archive"}`);
  }
}
