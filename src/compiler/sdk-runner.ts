import { type Package, type Sandbox, Wasmer } from "@wasmer/sdk/browser";
import { err, ok, type Result } from "../base/result.ts";
import { KERNEL_HEADERS } from "./args.ts";
import type { ClangRunner, FileMap, RunRequest, RunResult } from "./types.ts";

/** Where the sandbox keeps files that the page can read and write; clang is told to work there. */
const WORKSPACE = "/workspace";

/**
 * Runs clang.wasm through @wasmer/sdk: clang has a worker of its own and WASIX around it. Needs a cross-origin isolated page
 * (SharedArrayBuffer). `wasm` is the unpacked module; the SDK compiles it itself.
 */
export async function createSdkRunner(wasm: Uint8Array, base: FileMap): Promise<Result<ClangRunner & { close(): Promise<void> }, string>> {
  if (!globalThis.crossOriginIsolated) return err("@wasmer/sdk needs a cross-origin isolated page; the WASI shim does not");
  try {
    const wasmer = new Wasmer({ cache: false });
    // The headers lie where clang is told they are: clang opens them by the names that line information carries.
    const files: Record<string, Uint8Array> = {};
    for (const [path, bytes] of base) files[`/${path}`] = bytes;
    const clang = await wasmer.packages.create({ modules: { clang: wasm }, commands: { clang: { module: "clang" } }, files });
    const sandbox = await wasmer.sandboxes.create({ packages: [clang], files: { "tmp/.keep": new Uint8Array(0) } });
    return ok(new SdkRunner(wasmer, clang, sandbox));
  } catch (reason) {
    return err(`@wasmer/sdk did not start (${reason instanceof Error ? reason.message : String(reason)})`);
  }
}

class SdkRunner implements ClangRunner {
  readonly name = "wasmer-sdk";
  private readonly wasmer: Wasmer;
  private readonly clang: Package;
  private readonly sandbox: Sandbox;
  /** files of earlier runs that are in the sandbox now */
  private readonly present = new Map<string, Uint8Array>();
  private readonly folders = new Set<string>();

  constructor(wasmer: Wasmer, clang: Package, sandbox: Sandbox) {
    this.wasmer = wasmer;
    this.clang = clang;
    this.sandbox = sandbox;
  }

  async run(request: RunRequest): Promise<RunResult> {
    try {
      await this.arrange(request.files);
      const output = await this.sandbox.command(this.clang, [`-working-directory=${WORKSPACE}`, ...relocated(request.args)], { env: { TMPDIR: `${WORKSPACE}/tmp` } }).run({ check: false });
      const files = new Map<string, Uint8Array>();
      for (const path of request.outputs) {
        try {
          files.set(path, await this.sandbox.fs.readFile(`${WORKSPACE}/${path}`));
          await this.sandbox.fs.remove(`${WORKSPACE}/${path}`);
        } catch {
          // Not written: absent from the result.
        }
      }
      return { exitCode: output.exitCode, stdout: output.stdout.text(), stderr: output.stderr.text().replaceAll(`${WORKSPACE}/usr/`, "/usr/"), files };
    } catch (reason) {
      return { exitCode: 134, stdout: "", stderr: "", files: new Map(), trap: reason instanceof Error ? reason.message : String(reason) };
    }
  }

  async close(): Promise<void> {
    await this.sandbox.close();
    await this.wasmer.close();
  }

  /** Makes the workspace hold exactly these. */
  private async arrange(wanted: FileMap): Promise<void> {
    for (const path of [...this.present.keys()]) {
      if (wanted.has(path)) continue;
      this.present.delete(path);
      await this.sandbox.fs.remove(`${WORKSPACE}/${path}`);
    }
    for (const [path, bytes] of wanted) {
      if (same(this.present.get(path), bytes)) continue;
      await this.makeFolder(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
      await this.sandbox.fs.writeFile(`${WORKSPACE}/${path}`, bytes);
      this.present.set(path, bytes);
    }
  }

  private async makeFolder(folder: string): Promise<void> {
    if (folder === "" || this.folders.has(folder)) return;
    await this.sandbox.fs.mkdir(`${WORKSPACE}/${folder}`, { recursive: true });
    this.folders.add(folder);
  }
}

/** vmlinux.h changes from run to run, so it is in the workspace; its folder's name there is kept out of the object. */
function relocated(args: readonly string[]): string[] {
  return [...args.map((arg) => (arg === `/${KERNEL_HEADERS}` ? WORKSPACE + arg : arg)), `-ffile-prefix-map=${WORKSPACE}/usr=/usr`];
}

function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  if (a === b) return true;
  return a !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
