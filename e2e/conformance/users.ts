/**
 * Who calls which helper and kfunc: counts callers in the programs of open projects and of the kernel's own tree, and
 * writes `public/kernels/users.json`. The table holds names, versions and counts; nothing of the programs themselves.
 *
 *   npm run api-users
 *
 * Compiled objects come from `projects.ts` (run it first; npm run conformance:build makes the selftests'), C text from
 * Debian's packages. In objects a caller is found by the number in its `call` instruction or the undefined symbol of its
 * kfunc; in text by the name followed by a bracket, comments and strings left out.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { parseElf } from "../../src/elf/parse.ts";
import { essentialName } from "../../src/kernel/api-explain.ts";
import { loadApiDb } from "../../src/kernel/api-store.ts";
import type { ApiDb } from "../../src/kernel/api-types.ts";
import type { UserCount, UserSource, UsersTable } from "../../src/kernel/stability-types.ts";
import { storeUsers } from "../../src/kernel/stability-users.ts";
import { download, packageVersions, unpack, updateLists } from "../oracle/apt.ts";
import { cacheFolder, projectRoot } from "../oracle/cache.ts";
import { fetchSource } from "../oracle/sources.ts";

const EXAMPLES = 3;
const TREE = "7.3";
/** Folders of the kernel's tree with programs that people run or learn from. */
const treeFolders = ["tools/sched_ext", "drivers/hid/bpf/progs", "samples/bpf", "tools/perf/util/bpf_skel", "tools/bpf/bpftool/skeleton"];

/** Names of the helpers and kfuncs that an object calls. */
export function apisOfObject(bytes: Uint8Array, db: ApiDb): Set<string> {
  const elf = parseElf(bytes);
  if (!elf.ok) throw new Error(elf.error.message);
  const helpers = new Map(db.apis.filter((a) => a.kind === "helper").map((a) => [a.id!, a.name]));
  const kfuncs = new Set(db.apis.filter((a) => a.kind === "kfunc").map((a) => a.name));
  const out = new Set<string>();
  for (const section of elf.value.sections) {
    if (section.type !== 1 || (section.flags & 4n) === 0n) continue;
    const relocated = new Set((elf.value.relocations.get(section.index) ?? []).map((r) => r.offset));
    const view = new DataView(section.data.buffer, section.data.byteOffset, section.data.byteLength);
    for (let at = 0; at + 8 <= section.data.length; at += 8) {
      const code = view.getUint8(at);
      if (code === 0x18) at += 8;
      else if (code === 0x85 && view.getUint8(at + 1) >> 4 === 0 && !relocated.has(at)) {
        const name = helpers.get(view.getInt32(at + 4, true));
        if (name !== undefined) out.add(name);
      }
    }
  }
  for (const symbol of elf.value.symbols) {
    if (symbol.shndx !== 0 || symbol.name === "") continue;
    const name = kfuncs.has(symbol.name) ? symbol.name : essentialName(symbol.name);
    if (kfuncs.has(name)) out.add(name);
  }
  return out;
}

/** Names that a C text calls. A name that is declared or defined there is none of them. */
export function apisOfText(text: string, names: ReadonlySet<string>): Set<string> {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"/g, " ").replace(/^[ \t]*extern\b[^;]*;/gm, " ");
  const out = new Set<string>();
  for (const [, name] of code.matchAll(/\b([A-Za-z_]\w*)\s*\(/g)) {
    if (names.has(name!)) out.add(name!);
    else if (names.has(essentialName(name!))) out.add(essentialName(name!));
  }
  return out;
}

class Collector {
  readonly sources: UserSource[] = [];
  readonly uses = new Map<string, UserCount[]>();

  add(source: Omit<UserSource, "files">, files: readonly { name: string; apis: ReadonlySet<string> }[]): void {
    if (files.length === 0) return;
    const index = this.sources.push({ ...source, files: files.length }) - 1;
    const callers = new Map<string, string[]>();
    for (const { name, apis } of files) for (const api of apis) callers.set(api, [...(callers.get(api) ?? []), name]);
    for (const [api, who] of callers) {
      this.uses.set(api, [...(this.uses.get(api) ?? []), { source: index, files: who.length, examples: who.sort().slice(0, EXAMPLES) }]);
    }
    console.log(`${source.name} ${source.version}: ${files.length} files, ${callers.size} APIs`);
  }
}

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

const stem = (name: string): string => name.replace(/\.o$|\.c$|\.py$/, "").replace(/\.bpf$/, "");

/** Objects of packages, as projects.ts left them. */
function projects(db: ApiDb, out: Collector): void {
  const folder = cacheFolder("conformance", "projects");
  const manifest = JSON.parse(readFileSync(new URL("./projects.json", import.meta.url), "utf8")) as { object: string; package: string; version: string }[];
  for (const name of [...new Set(manifest.map((m) => m.package))].sort()) {
    const own = manifest.filter((m) => m.package === name);
    const files = own.map((m) => ({ name: stem(m.object.slice(name.length + 2)), apis: apisOfObject(readFileSync(join(folder, m.object)), db) }));
    out.add({ name, version: own[0]!.version, kind: "project", form: "objects" }, files);
  }
}

/** BCC's tools carry their programs as C text inside Python. */
function bcc(names: ReadonlySet<string>, out: Collector): void {
  const pkg = packageVersions("bpfcc-tools")[0];
  if (!pkg) throw new Error("the archive has no bpfcc-tools");
  const work = cacheFolder("users", "bpfcc-tools");
  unpack(download(pkg), work, ["./usr/sbin/*"]);
  const files: { name: string; apis: ReadonlySet<string> }[] = [];
  for (const path of filesBelow(join(work, "usr/sbin"))) {
    const text = readFileSync(path, "utf8");
    if (!/BPF\s*\(/.test(text)) continue;
    // The program is inside Python's strings, so those are not taken out here.
    files.push({ name: relative(join(work, "usr/sbin"), path).replace(/-bpfcc$/, ""), apis: apisOfText(text.replaceAll('"""', " ").replace(/"/g, " "), names) });
  }
  rmSync(work, { recursive: true });
  out.add({ name: "bpfcc-tools", version: pkg.version, kind: "project", form: "source" }, files);
}

/** Programs in the kernel's tree: text, as most need a toolchain of their own to compile. */
function tree(names: ReadonlySet<string>, out: Collector): void {
  const folder = cacheFolder("users", `linux-${TREE}`);
  const stamp = join(folder, "VERSION.debian");
  if (!existsSync(stamp)) {
    const pkg = packageVersions(`linux-source-${TREE}`)[0];
    if (!pkg) throw new Error(`the archive has no linux-source-${TREE}`);
    const work = `${folder}.part`;
    unpack(download(pkg), work, ["*/linux-source-*.tar.xz"]);
    execFileSync("tar", ["-xJf", join(work, `usr/src/linux-source-${TREE}.tar.xz`), "-C", folder, "--strip-components=1", ...treeFolders.map((f) => `linux-source-${TREE}/${f}`)], { stdio: "inherit" });
    rmSync(work, { recursive: true });
    writeFileSync(stamp, `${pkg.version}\n`);
  }
  const version = readFileSync(stamp, "utf8").trim();
  for (const place of treeFolders) {
    const root = join(folder, place);
    const files = [...filesBelow(root)].filter((path) => /\.bpf\.c$|_kern\.c$/.test(path)).map((path) => ({ name: stem(relative(root, path)), apis: apisOfText(readFileSync(path, "utf8"), names) }));
    out.add({ name: `linux ${TREE}: ${place}`, version, kind: "tree", form: "source" }, files);
  }
}

/** The kernel's selftests, compiled. Variants of one source for another CPU are counted once. */
function selftests(db: ApiDb, out: Collector): void {
  const folder = cacheFolder("conformance", TREE);
  const version = readFileSync(join(fetchSource(TREE), "VERSION.debian"), "utf8").split(" ")[1]!;
  const files = readdirSync(folder).filter((n) => n.endsWith(".bpf.o") && !n.includes(".cpuv4.")).map((name) => ({ name: stem(name), apis: apisOfObject(readFileSync(join(folder, name)), db) }));
  out.add({ name: `linux ${TREE}: tools/testing/selftests/bpf`, version, kind: "tests", form: "objects" }, files);
}

function main(): void {
  updateLists();
  const db = loadApiDb(readFileSync(join(projectRoot, "public/kernels/api.json"), "utf8"));
  if (!db.ok) throw new Error(db.error);
  const names = new Set(db.value.apis.map((a) => a.name));
  const out = new Collector();
  projects(db.value, out);
  bcc(names, out);
  tree(names, out);
  selftests(db.value, out);
  const table: UsersTable = { sources: out.sources, uses: out.uses };
  const text = storeUsers(table);
  writeFileSync(join(projectRoot, "public/kernels/users.json"), text);
  console.log(`public/kernels/users.json: ${table.uses.size} APIs, ${text.length} bytes`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
