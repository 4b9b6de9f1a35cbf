import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { unwrap } from "../../src/base/result.ts";
import { objectName, targetArgs, VMLINUX_H } from "../../src/compiler/args.ts";
import { readHeaderPack } from "../../src/compiler/headers.ts";
import { root } from "./host.ts";

/** The installed clang-22 on the files and arguments clang.wasm gets. */
export class NativeClang {
  readonly version: string | null;
  private readonly clang = process.env["CLANG"] ?? "clang-22";
  private readonly folder: string;

  constructor(vmlinuxH: string) {
    const parent = join(root, ".cache/bench");
    mkdirSync(parent, { recursive: true });
    this.folder = mkdtempSync(join(parent, "native-"));
    const asked = spawnSync(this.clang, ["--version"], { encoding: "utf8" });
    this.version = asked.status === 0 ? asked.stdout.split("\n")[0]! : null;
    const pack = unwrap(readHeaderPack(brotliDecompressSync(readFileSync(join(root, "public/toolchain/headers.pack.br")))));
    for (const [path, bytes] of pack.files) this.put(path, bytes);
    this.put(VMLINUX_H, vmlinuxH);
  }

  private put(path: string, content: Uint8Array | string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  /** Milliseconds of one run, start of the process included. */
  compile(name: string, text: string): number {
    this.put(name, text);
    // clang.wasm's root is this folder.
    const args = [...targetArgs({ opt: "-O2", debug: true }).map((arg) => arg.replace(/^\/(?=usr\/)/, "")), "-c", name, "-o", objectName(name)];
    const start = performance.now();
    const run = spawnSync(this.clang, args, { cwd: this.folder, encoding: "utf8" });
    const ms = performance.now() - start;
    if (run.status !== 0) throw new Error(`${this.clang}: ${run.stderr}`);
    return ms;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
