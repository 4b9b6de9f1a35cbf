import { transfer } from "comlink";
import { err, ok, type Result } from "../base/result.ts";
import { CacheStore, loadToolchain } from "../compiler/browser.ts";
import { Compiler } from "../compiler/compiler.ts";
import { packToolchain, type PackedFile } from "../compiler/pack-toolchain.ts";
import { ShimRunner } from "../compiler/shim-runner.ts";
import type { ClangRunner, CompileRequest, CompileResult } from "../compiler/types.ts";
import type { CompileProgress, CompilerInfo, CompileWorkerApi, RunnerChoice, ToolchainHandle, WorkerCompileRequest } from "./compile-api.ts";

/** The compile worker's inside: one toolchain, one Compiler, the kernels' headers by key. */
export class CompileService implements CompileWorkerApi {
  private loading: Promise<Result<CompilerInfo, string>> | undefined;
  private compiler: Compiler | undefined;
  private shared: ToolchainHandle | undefined;
  private readonly kernels = new Map<string, string>();

  load(base: string, runner: RunnerChoice, onProgress: (progress: CompileProgress) => void): Promise<Result<CompilerInfo, string>> {
    this.loading ??= this.loadNow(base, runner, onProgress).then((result) => {
      // A failed download may succeed the next time it is asked for.
      if (!result.ok) this.loading = undefined;
      return result;
    });
    return this.loading;
  }

  adopt(handle: ToolchainHandle, info: CompilerInfo): Promise<Result<CompilerInfo, string>> {
    this.shared = handle;
    this.start(new ShimRunner(handle.module, handle.headers), handle);
    this.loading = Promise.resolve(ok(info));
    return this.loading;
  }

  async handle(): Promise<ToolchainHandle | undefined> {
    return this.shared;
  }

  async hasKernel(key: string): Promise<boolean> {
    return this.kernels.has(key);
  }

  async addKernel(key: string, vmlinuxH: string): Promise<void> {
    this.kernels.set(key, vmlinuxH);
  }

  async compile(request: WorkerCompileRequest): Promise<CompileResult> {
    const full = await this.complete(request);
    return full.ok ? full.value.compiler.compile(full.value.request) : failed(full.error);
  }

  async precompile(request: WorkerCompileRequest): Promise<number> {
    const full = await this.complete(request);
    return full.ok ? full.value.compiler.precompile(full.value.request) : 0;
  }

  async headerNames(): Promise<string[]> {
    return this.compiler?.headerNames() ?? [];
  }

  async pack(base: string): Promise<Result<PackedFile[], string>> {
    const packed = await packToolchain(base);
    return packed.ok ? transfer(packed, packed.value.map((file) => file.bytes.buffer)) : packed;
  }

  private async complete(request: WorkerCompileRequest): Promise<Result<{ compiler: Compiler; request: CompileRequest }, string>> {
    const loaded = await this.loading;
    if (loaded && !loaded.ok) return err(loaded.error);
    if (!this.compiler) return err("the compiler has not been loaded");
    if (request.kernel === null) return ok({ compiler: this.compiler, request: { ...request, kernel: null } });
    const vmlinuxH = this.kernels.get(request.kernel);
    if (vmlinuxH === undefined) return err(`vmlinux.h of kernel ${request.kernel} has not been given to the compiler`);
    return ok({ compiler: this.compiler, request: { ...request, kernel: { key: request.kernel, vmlinuxH } } });
  }

  private async loadNow(base: string, choice: RunnerChoice, onProgress: (progress: CompileProgress) => void): Promise<Result<CompilerInfo, string>> {
    const loaded = await loadToolchain(base, onProgress, choice === "wasmer-sdk" ? "bytes" : "module");
    if (!loaded.ok) return loaded;
    const { clang, pack, manifest, key, timings } = loaded.value;
    let runner: ClangRunner;
    if (clang instanceof WebAssembly.Module) {
      runner = new ShimRunner(clang, pack.files);
      this.shared = { module: clang, headers: pack.files, key };
    } else {
      // Loaded only when asked for: the SDK is 5 MB of its own.
      const { createSdkRunner } = await import("../compiler/sdk-runner.ts");
      const made = await createSdkRunner(clang, pack.files);
      if (!made.ok) return made;
      runner = made.value;
    }
    this.start(runner, { headers: pack.files, key });
    return ok({
      clangVersion: manifest.clang.version,
      runner: runner.name,
      downloadBytes: manifest.clang.bytes + manifest.headers.bytes,
      packages: pack.packages,
      timings,
    });
  }

  private start(runner: ClangRunner, toolchain: { headers: ReadonlyMap<string, Uint8Array>; key: string }): void {
    this.compiler = new Compiler({ runner, headers: toolchain.headers, toolchainKey: toolchain.key, precompiled: new CacheStore() });
  }
}

function failed(message: string): CompileResult {
  return {
    ok: false,
    object: null,
    objects: [],
    diagnostics: [{ severity: "error", file: "", line: 0, col: 0, endLine: 0, endCol: 0, message, flag: null, fixits: [], notes: [] }],
    stderr: `error: ${message}\n`,
    ms: 0,
  };
}
