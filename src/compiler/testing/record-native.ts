/**
 * Asks the installed clang-22 for every program and combination and writes testdata/native.json:
 *   npm run record:native
 * The native compiler sees the same files under the same names and the same arguments as clang.wasm does: the pack's headers are
 * mounted over the machine's own, in a mount namespace of this process (Linux; root or user namespaces).
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { unwrap } from "../../base/result.ts";
import { CLANG_HEADERS, KERNEL_HEADERS, objectName, SYSTEM_HEADERS, targetArgs, VMLINUX_H } from "../args.ts";
import { readHeaderPack } from "../headers.ts";
import { digestText, objectDigest } from "./object-digest.ts";
import { ALL_COMBINATIONS, combinationName, type NativeRecord, programNames, requestFor, TESTDATA } from "./matrix.ts";

const clang = process.env["CLANG"] ?? "clang-22";
if (process.env["RECORD_MOUNTS"] === undefined) {
  const unshare = ["--mount", ...(process.getuid?.() === 0 ? [] : ["--map-root-user"])];
  const again = spawnSync("unshare", [...unshare, process.execPath, ...process.execArgv, ...process.argv.slice(1)], { stdio: "inherit", env: { ...process.env, RECORD_MOUNTS: "1" } });
  process.exit(again.status ?? 1);
}
const root = mkdtempSync(join(tmpdir(), "native-"));
const put = (path: string, bytes: Uint8Array | string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), bytes);
};
try {
  const pack = unwrap(readHeaderPack(brotliDecompressSync(readFileSync(join(TESTDATA, "../../../public/toolchain/headers.pack.br")))));
  for (const [path, bytes] of pack.files) put(path, bytes);
  mkdirSync(join(root, KERNEL_HEADERS), { recursive: true });
  // The header folders of the pack hide the machine's own, for this process and its children alone.
  for (const folder of [CLANG_HEADERS, SYSTEM_HEADERS]) execFileSync("mount", ["--bind", join(root, folder), `/${folder}`]);
  const version = execFileSync(clang, ["--version"], { encoding: "utf8" }).split("\n")[0]!;
  const record: NativeRecord = { clang: version, programs: {} };
  for (const name of programNames()) {
    const row: Record<string, string | null> = {};
    const said = new Set<string>();
    for (const combination of ALL_COMBINATIONS) {
      const request = requestFor(name, combination);
      for (const [path, text] of Object.entries(request.files)) put(path, text);
      put(VMLINUX_H, request.kernel!.vmlinuxH);
      const output = objectName(name);
      const run = spawnSync(clang, [...targetArgs(request), "-c", name, "-o", output], { cwd: root, encoding: "utf8" });
      if (run.status !== 0) said.add(`${combinationName(combination)}: ${/error: .*/.exec(run.stderr)?.[0] ?? run.stderr}`);
      row[combinationName(combination)] = run.status === 0 ? digestText(objectDigest(readFileSync(join(root, output)))) : null;
    }
    record.programs[name] = row;
    const refused = Object.values(row).filter((digest) => digest === null).length;
    console.log(`${name}: ${Object.keys(row).length - refused} objects, ${refused} refused${refused ? ` (${[...said][0]})` : ""}`);
  }
  writeFileSync(join(TESTDATA, "native.json"), `${JSON.stringify(record, null, 1)}\n`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
