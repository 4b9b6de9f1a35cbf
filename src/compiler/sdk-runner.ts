import { type Package, type Sandbox, Wasmer } from "@wasmer/sdk/browser";
import { err, ok, type Result } from "../base/result.ts";
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
    const clang = await wasmer.packages.load(wasm);
    const files: Record<string, Uint8Array> = {};
    for (const [path, bytes] of base) files[path] = bytes;
    files["tmp/.keep"] = new Uint8Array(0);
    const sandbox = await wasmer.sandboxes.create({ packages: [clang], files });
    return ok(new SdkRunner(wasmer, clang, sandbox, base));
  } catch (reason) {
    return err(`@wasmer/sdk did not start (${reason instanceof Error ? reason.message : String(reason)})`);
  }
}

class SdkRunner implements ClangRunner {
  readonly name = "wasmer-sdk";
  private readonly wasmer: Wasmer;
  private readonly clang: Package;
  private readonly sandbox: Sandbox;
  private readonly base: FileMap;
  /** files of earlier runs that are in the sandbox now */
  private readonly present = new Map<string, Uint8Array>();
  private readonly folders = new Set<string>();

  constructor(wasmer: Wasmer, clang: Package, sandbox: Sandbox, base: FileMap) {
    this.wasmer = wasmer;
    this.clang = clang;
    this.sandbox = sandbox;
    this.base = base;
  }

  async run(request: RunRequest): Promise<RunResult> {
    try {
      await this.arrange(request.files);
      const output = await this.sandbox.command(this.clang, [`-working-directory=${WORKSPACE}`, ...request.args], { env: { TMPDIR: `${WORKSPACE}/tmp` } }).run({ check: false });
      const files = new Map<string, Uint8Array>();
      for (const path of request.outputs) {
        try {
          files.set(path, await this.sandbox.fs.readFile(`${WORKSPACE}/${path}`));
          await this.sandbox.fs.remove(`${WORKSPACE}/${path}`);
        } catch {
          // Not written: absent from the result.
        }
      }
      return { exitCode: output.exitCode, stdout: output.stdout.text(), stderr: output.stderr.text(), files };
    } catch (reason) {
      return { exitCode: 134, stdout: "", stderr: "", files: new Map(), trap: reason instanceof Error ? reason.message : String(reason) };
    }
  }

  async close(): Promise<void> {
    await this.sandbox.close();
    await this.wasmer.close();
  }

  /** Makes the sandbox hold exactly the base files and these. */
  private async arrange(wanted: FileMap): Promise<void> {
    for (const path of [...this.present.keys()]) {
      if (wanted.has(path)) continue;
      this.present.delete(path);
      const original = this.base.get(path);
      if (original) await this.sandbox.fs.writeFile(`${WORKSPACE}/${path}`, original);
      else await this.sandbox.fs.remove(`${WORKSPACE}/${path}`);
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

function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  if (a === b) return true;
  return a !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
