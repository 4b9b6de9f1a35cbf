import { decodeUtf8, encodeUtf8 } from "../base/bytes.ts";
import { checkRequest, CLANG_HEADERS, DIAGNOSTIC_ARGS, KERNEL_HEADERS, objectName, SYSTEM_HEADERS, targetArgs, VMLINUX_H } from "./args.ts";
import { humanText, parseDiagnostics } from "./diagnostics.ts";
import { LAB_HEADER, LAB_HEADER_NAME } from "./lab-header.ts";
import { missingHeader, nearHeaders } from "./near-headers.ts";
import { type Include, isGuarded, openingIncludes, preambleText } from "./preamble.ts";
import type {
  ClangRunner,
  CompiledObject,
  CompileKernel,
  CompileRequest,
  CompileResult,
  Diagnostic,
  FileMap,
  PrecompiledStore,
  RunResult,
} from "./types.ts";

export interface CompilerOptions {
  runner: ClangRunner;
  /** the header pack's files, as the runner has them too */
  headers: FileMap;
  /** names clang.wasm and the header pack: part of every precompiled header's key */
  toolchainKey: string;
  /** where precompiled headers live; absent: none are used */
  precompiled?: PrecompiledStore;
  /** true: compile() makes a missing precompiled header first, which costs once and pays from the second program on */
  precompileOnMiss?: boolean;
  /** milliseconds since some start; default performance.now */
  now?: () => number;
}

const PREFIX = "tmp/prefix";
const LAB_HEADER_BYTES = encodeUtf8(LAB_HEADER);

/** The headers worth precompiling: the prefix ends with the last of them, so that programs share it. */
const COSTLY = new Set(["vmlinux.h", "bpf/bpf_helpers.h", "bpf/bpf_tracing.h", "bpf/bpf_core_read.h", "bpf/bpf_endian.h"]);

/** Compiles BPF C: knows the arguments, the headers, the messages and the precompiled headers. Runs no two clangs at once. */
export class Compiler {
  readonly runner: ClangRunner;
  readonly headers: FileMap;
  private readonly toolchainKey: string;
  private readonly store: PrecompiledStore | undefined;
  private readonly precompileOnMiss: boolean;
  private readonly now: () => number;
  private readonly vmlinux = new Map<string, { text: string; bytes: Uint8Array; hash: string }>();
  private readonly guarded = new Map<Uint8Array, boolean>();
  private queue: Promise<unknown> = Promise.resolve();

  constructor(options: CompilerOptions) {
    this.runner = options.runner;
    this.headers = options.headers;
    this.toolchainKey = options.toolchainKey;
    this.store = options.precompiled;
    this.precompileOnMiss = options.precompileOnMiss ?? false;
    this.now = options.now ?? (() => performance.now());
  }

  /**
   * Compiles each main file to its own object. Bad input of every kind ends in diagnostics; this does not throw for it.
   * A precompiled header is used when the store has one that fits the beginning of the file; it never changes the object.
   */
  compile(request: CompileRequest): Promise<CompileResult> {
    return this.inTurn(() => this.compileNow(request));
  }

  /**
   * Makes and keeps the precompiled header for the opening #includes of each main file, unless it is there or there is
   * nothing to gain (no vmlinux.h among them). Returns how many were made.
   */
  precompile(request: CompileRequest): Promise<number> {
    return this.inTurn(() => this.precompileNow(request));
  }

  /** Paths a program can #include, as it writes them ("linux/bpf.h"). */
  headerNames(request?: Pick<CompileRequest, "files" | "kernel">): string[] {
    const names = new Set<string>();
    for (const path of this.headers.keys()) {
      for (const folder of [CLANG_HEADERS, KERNEL_HEADERS, SYSTEM_HEADERS]) {
        if (path.startsWith(`${folder}/`)) {
          names.add(path.slice(folder.length + 1));
          break;
        }
      }
    }
    names.add(LAB_HEADER_NAME);
    if (request?.kernel) names.add("vmlinux.h");
    for (const path of Object.keys(request?.files ?? {})) if (path.endsWith(".h")) names.add(path);
    return [...names].sort();
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => undefined);
    return result;
  }

  private async compileNow(request: CompileRequest): Promise<CompileResult> {
    const started = this.now();
    const checked = checkRequest(request);
    if (!checked.ok) return failure(checked.error, this.now() - started);
    const files = this.userFiles(request);
    const objects: CompiledObject[] = [];
    const diagnostics: Diagnostic[] = [];
    let stderr = "";
    for (const source of checked.value.mainFiles) {
      const fileStarted = this.now();
      const prefix = request.usePrecompiled === false ? undefined : await this.findPrefix(request, source);
      const output = objectName(source);
      const args = [...targetArgs(request), ...DIAGNOSTIC_ARGS, "-c", source, "-o", output];
      let result: RunResult;
      if (prefix) {
        result = await this.runner.run({ args: ["-include-pch", `${PREFIX}.pch`, ...args], files: new Map([...files, ...prefix]), outputs: [output] });
        // A header that clang will not take (made by another build, cut short) must not cost the user the compile.
        if (/PCH|precompiled|AST file/.test(result.stderr) || result.trap !== undefined) {
          result = await this.runner.run({ args, files, outputs: [output] });
        }
      } else {
        result = await this.runner.run({ args, files, outputs: [output] });
      }
      const messages = this.explain(result, request);
      diagnostics.push(...messages);
      stderr += humanText(result.stderr);
      const object = result.exitCode === 0 ? (result.files.get(output) ?? null) : null;
      if (object === null && !messages.some((d) => d.severity === "error")) {
        diagnostics.push(plain(result.trap === undefined ? `clang ended with status ${result.exitCode} and said nothing` : trapMessage(result.trap)));
      }
      objects.push({ source, object, args, ms: this.now() - fileStarted, precompiled: prefix !== undefined });
    }
    return {
      ok: objects.every((o) => o.object !== null),
      object: objects[0]?.object ?? null,
      objects,
      diagnostics,
      stderr,
      ms: this.now() - started,
    };
  }

  private async precompileNow(request: CompileRequest): Promise<number> {
    const checked = checkRequest(request);
    if (!checked.ok || !this.store) return 0;
    let made = 0;
    for (const source of checked.value.mainFiles) {
      const includes = worthKeeping(this.usableIncludes(request, source));
      if (includes.length === 0 || (await this.store.get(this.prefixKey(request, includes)))) continue;
      if (await this.makeAndKeep(request, includes)) made++;
    }
    return made;
  }

  private async makeAndKeep(request: CompileRequest, includes: readonly Include[]): Promise<Uint8Array | undefined> {
    const bytes = await this.makePrefix(request, includes);
    if (bytes) await this.store?.set(this.prefixKey(request, includes), bytes);
    return bytes;
  }

  private async makePrefix(request: CompileRequest, includes: readonly Include[]): Promise<Uint8Array | undefined> {
    const files = new Map([...this.kernelFiles(request.kernel), ...prefixSource(includes)]);
    const output = `${PREFIX}.pch`;
    const args = [...targetArgs(request), ...DIAGNOSTIC_ARGS, "-Xclang", "-fno-pch-timestamp", "-x", "c-header", `${PREFIX}.h`, "-o", output];
    const result = await this.runner.run({ args, files, outputs: [output] });
    // Anything said about the headers alone would be said once here and never again: then there is no precompiled header.
    if (result.exitCode !== 0 || result.stderr.trim() !== "") return undefined;
    return result.files.get(output);
  }

  /** The longest stored prefix of the file's opening #includes, with what clang needs to read it. */
  private async findPrefix(request: CompileRequest, source: string): Promise<Map<string, Uint8Array> | undefined> {
    if (!this.store) return undefined;
    const includes = this.usableIncludes(request, source);
    for (let n = includes.length; n > 0; n--) {
      const bytes = await this.store.get(this.prefixKey(request, includes.slice(0, n)));
      if (bytes) return new Map([...prefixSource(includes.slice(0, n)), [`${PREFIX}.pch`, bytes]]);
    }
    const wanted = this.precompileOnMiss ? worthKeeping(includes) : [];
    if (wanted.length === 0) return undefined;
    const made = await this.makeAndKeep(request, wanted);
    return made && new Map([...prefixSource(wanted), [`${PREFIX}.pch`, made]]);
  }

  /** The opening #includes that a precompiled header may hold: ours, guarded, and not hidden by a file of the user's. */
  private usableIncludes(request: CompileRequest, source: string): Include[] {
    // Arguments that add folders or files could change what a name means.
    if (request.extraArgs?.some((arg) => /^-(I|i|-)/.test(arg))) return [];
    const folder = source.includes("/") ? source.slice(0, source.lastIndexOf("/") + 1) : "";
    const usable: Include[] = [];
    for (const include of openingIncludes(request.files[source]!)) {
      if (include.quoted && Object.hasOwn(request.files, normalise(folder + include.name))) break;
      const bytes = this.ownHeader(include.name, request.kernel);
      if (!bytes || !this.isGuarded(bytes)) break;
      usable.push(include);
    }
    return usable;
  }

  private ownHeader(name: string, kernel: CompileKernel | null): Uint8Array | undefined {
    if (name === LAB_HEADER_NAME) return LAB_HEADER_BYTES;
    if (name === "vmlinux.h") return kernel ? this.vmlinuxBytes(kernel) : undefined;
    for (const folder of [CLANG_HEADERS, KERNEL_HEADERS, SYSTEM_HEADERS]) {
      const bytes = this.headers.get(`${folder}/${name}`);
      if (bytes) return bytes;
    }
    return undefined;
  }

  private isGuarded(bytes: Uint8Array): boolean {
    let known = this.guarded.get(bytes);
    if (known === undefined) {
      known = isGuarded(decodeUtf8(bytes));
      this.guarded.set(bytes, known);
    }
    return known;
  }

  private prefixKey(request: CompileRequest, includes: readonly Include[]): string {
    const kernel = includes.some((include) => include.name === "vmlinux.h") ? this.vmlinuxOf(request.kernel!).hash : "";
    return JSON.stringify([this.toolchainKey, this.runner.name, kernel, targetArgs(request), includes.map((i) => (i.quoted ? `"${i.name}"` : `<${i.name}>`))]);
  }

  private userFiles(request: CompileRequest): Map<string, Uint8Array> {
    const files = this.kernelFiles(request.kernel);
    for (const [path, text] of Object.entries(request.files)) files.set(path, encodeUtf8(text));
    return files;
  }

  private kernelFiles(kernel: CompileKernel | null): Map<string, Uint8Array> {
    return new Map([[`${KERNEL_HEADERS}/${LAB_HEADER_NAME}`, LAB_HEADER_BYTES], ...(kernel ? [[VMLINUX_H, this.vmlinuxBytes(kernel)] as const] : [])]);
  }

  private vmlinuxBytes(kernel: CompileKernel): Uint8Array {
    return this.vmlinuxOf(kernel).bytes;
  }

  private vmlinuxOf(kernel: CompileKernel): { text: string; bytes: Uint8Array; hash: string } {
    let known = this.vmlinux.get(kernel.key);
    if (known?.text !== kernel.vmlinuxH) {
      const bytes = encodeUtf8(kernel.vmlinuxH);
      known = { text: kernel.vmlinuxH, bytes, hash: contentHash(bytes) };
      this.vmlinux.set(kernel.key, known);
    }
    return known;
  }

  private explain(result: RunResult, request: CompileRequest): Diagnostic[] {
    const diagnostics = parseDiagnostics(result.stderr, request.files);
    for (const diagnostic of diagnostics) {
      const header = missingHeader(diagnostic.message);
      if (header === undefined) continue;
      diagnostic.nearHeaders = nearHeaders(header, this.headerNames(request));
      if (header === "vmlinux.h" && !request.kernel) diagnostic.message += ": it belongs to a kernel, and none is chosen";
    }
    return diagnostics;
  }
}

/** The part of the opening #includes that is worth a precompiled header: none without vmlinux.h, which is where the time goes. */
function worthKeeping(includes: readonly Include[]): readonly Include[] {
  if (!includes.some((include) => include.name === "vmlinux.h")) return [];
  return includes.slice(0, 1 + includes.findLastIndex((include) => COSTLY.has(include.name)));
}

function prefixSource(includes: readonly Include[]): [string, Uint8Array][] {
  return [[`${PREFIX}.h`, encodeUtf8(preambleText(includes))]];
}

/**
 * Names a text of megabytes within milliseconds, so that a precompiled header is never used with another vmlinux.h than its own.
 * Not against forgery: whoever can put headers into the store can put anything there.
 */
function contentHash(bytes: Uint8Array): string {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < bytes.length; i++) {
    a = Math.imul(a ^ bytes[i]!, 0x01000193);
    b = Math.imul(b ^ (bytes[i]! + i), 0x85ebca6b);
    b = (b << 13) | (b >>> 19);
  }
  return `${(a >>> 0).toString(16)}-${(b >>> 0).toString(16)}-${bytes.length}`;
}

function normalise(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function plain(message: string): Diagnostic {
  return { severity: "error", file: "", line: 0, col: 0, endLine: 0, endCol: 0, message, flag: null, fixits: [], notes: [] };
}

function failure(message: string, ms: number): CompileResult {
  return { ok: false, object: null, objects: [], diagnostics: [plain(message)], stderr: `error: ${message}\n`, ms };
}

function trapMessage(trap: string): string {
  return `clang gave up on this program (${trap}): it may need more memory or nest too deeply`;
}
