/**
 * Compiles the kernel's own BPF test programs, outside the tree: `.cache/conformance/TESTS/*.bpf.o`, one folder for
 * each kernel release whose sources Debian has. Slow: `npm run conformance:build [-- TESTS…] [--only PATTERN]`.
 *
 * Flags are those of the tests' own Makefile (-O2 -g -mcpu=v3, and v4 beside it where a test asks which CPU it is
 * compiled for); vmlinux.h is printed from the same release's Debian kernel. Debug information other than BTF is
 * stripped and paths are mapped away, so that the same sources and compiler give the same bytes anywhere.
 */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder, cacheRoot } from "../oracle/cache.ts";
import { buildBpftool } from "../oracle/build-bpftool.ts";
import { fetchSource, sourceSeries } from "../oracle/sources.ts";
import { kernelBtfPath } from "../oracle/vmlinux.ts";

const run = promisify(execFile);
const clang = process.env.CLANG ?? "clang-22";
const strip = process.env.LLVM_STRIP ?? "llvm-strip-22";
const workers = 2;

/** Makefile's `$(OUTPUT)/NAME.o: BPF_CFLAGS += …`. */
const extraFlags: Readonly<Record<string, readonly string[]>> = {
  "test_l4lb_noinline.c": ["-fno-inline"],
  "test_xdp_noinline.c": ["-fno-inline"],
};

/** Headers that the tests expect beside libbpf's: vmlinux.h of the release, and libbpf's BPF-side headers. */
function prepareHeaders(tests: string): string {
  const out = cacheFolder("conformance", tests, "include");
  const source = fetchSource(tests);
  if (!existsSync(join(out, "vmlinux.h"))) {
    const text = execFileSync(buildBpftool(), ["btf", "dump", "file", kernelBtfPath(tests), "format", "c"], { maxBuffer: 1 << 28 });
    writeFileSync(join(out, "vmlinux.h"), text);
  }
  if (!existsSync(join(out, "bpf", "bpf_helper_defs.h"))) {
    const work = cacheFolder("conformance", tests, "libbpf");
    const headers = ["install_headers", `OUTPUT=${work}/`, `DESTDIR=${work}`, "prefix=/usr"];
    execFileSync("make", ["-s", "-C", join(source, "tools/lib/bpf"), ...headers], { stdio: ["ignore", "ignore", "inherit"] });
    rmSync(join(out, "bpf"), { recursive: true, force: true });
    renameSync(join(work, "usr/include/bpf"), join(out, "bpf"));
    rmSync(work, { recursive: true });
  }
  return out;
}

/** clang's own idea of the host's system headers, to be searched last (as the tests' Makefile does). */
function systemHeaders(): string[] {
  const said = execFileSync("sh", ["-c", `${clang} -v -E - </dev/null 2>&1`], { encoding: "utf8" });
  const list = /<\.\.\.> search starts here:\n([\s\S]*?)End of search list/.exec(said)?.[1] ?? "";
  return list.split("\n").filter(Boolean).flatMap((line) => ["-idirafter", line.trim()]);
}

function compilerFlags(tests: string, include: string): string[] {
  const source = fetchSource(tests);
  const selftests = join(source, "tools/testing/selftests/bpf");
  const folders = [include, selftests, join(source, "tools/include/uapi"), join(source, "tools/include"), join(selftests, "libarena/include")];
  return [
    "-g", "-O2", "--target=bpfel", "-mlittle-endian", "-D__TARGET_ARCH_x86", "-DENABLE_ATOMICS_TESTS",
    ...folders.filter(existsSync).map((path) => `-I${path}`),
    "-std=gnu11", "-fno-strict-aliasing", "-fms-extensions", "-w",
    ...systemHeaders(), "-idirafter", join(source, "include/uapi"),
    `-ffile-prefix-map=${join(cacheRoot, "sources")}/=`, `-ffile-prefix-map=${cacheRoot}/=`,
  ];
}

interface Unit {
  readonly source: string;
  readonly object: string;
  readonly flags: readonly string[];
}

function units(tests: string, only: RegExp): Unit[] {
  const folder = join(fetchSource(tests), "tools/testing/selftests/bpf/progs");
  const list = readdirSync(folder).filter((name) => name.endsWith(".c") && only.test(name)).sort();
  return list.flatMap((name) => {
    const flags = extraFlags[name] ?? [];
    const base = { source: join(folder, name), object: name.replace(/\.c$/, ".bpf.o"), flags: ["-mcpu=v3", ...flags] };
    const asksForCpu = /__BPF_FEATURE|BPF_CPU_VERSION/.test(readFileSync(base.source, "utf8"));
    return asksForCpu ? [base, { ...base, object: name.replace(/\.c$/, ".cpuv4.bpf.o"), flags: ["-mcpu=v4", ...flags] }] : [base];
  });
}

/** Compiles one release's tests; returns how many objects there are and which files clang refused, with its words. */
async function build(tests: string, only: RegExp): Promise<{ objects: number; refused: string[] }> {
  const out = cacheFolder("conformance", tests);
  const include = prepareHeaders(tests);
  const flags = compilerFlags(tests, include);
  const queue = units(tests, only);
  const total = queue.length;
  const refused: string[] = [];
  const one = async (unit: Unit): Promise<void> => {
    const target = join(out, unit.object);
    if (existsSync(target)) return;
    try {
      await run(clang, [...flags, ...unit.flags, "-c", unit.source, "-o", `${target}.part`], { maxBuffer: 1 << 26 });
      await run(strip, ["-g", `${target}.part`]);
      renameSync(`${target}.part`, target);
    } catch (error) {
      rmSync(`${target}.part`, { force: true });
      const stderr = String((error as { stderr?: string }).stderr ?? error);
      refused.push(`${unit.object}: ${stderr.split("\n").find((line) => /error:/.test(line)) ?? stderr.slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, async () => {
    for (let unit = queue.shift(); unit; unit = queue.shift()) await one(unit);
  }));
  if (only.source === "(?:)") writeFileSync(join(out, "refused.txt"), refused.sort().map((line) => `${line}\n`).join(""));
  return { objects: total - refused.length, refused };
}

const args = process.argv.slice(2);
const onlyAt = args.indexOf("--only");
const only = new RegExp(onlyAt >= 0 ? (args[onlyAt + 1] ?? "") : "");
const wanted = args.filter((arg, i) => !arg.startsWith("--") && (onlyAt < 0 || i !== onlyAt + 1));
mkdirSync(join(cacheRoot, "conformance"), { recursive: true });
for (const tests of wanted.length ? wanted : [...sourceSeries].reverse()) {
  const { objects, refused } = await build(tests, only);
  console.log(`${tests}: ${objects} objects, ${refused.length} files do not compile`);
  for (const line of refused) console.log(`  ${line}`);
}
