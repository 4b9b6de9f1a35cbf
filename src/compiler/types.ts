/** The compiler room's interfaces: a runner executes clang.wasm once; the Compiler above it knows what a BPF compile is. */

/** Files of clang's world: a relative path ("main.bpf.c", "usr/include/linux/bpf.h") to its bytes. */
export type FileMap = ReadonlyMap<string, Uint8Array>;

export interface RunRequest {
  /** argv after the program name */
  args: readonly string[];
  /** files of this run, added to the runner's base files (and hiding a base file of the same path) */
  files: FileMap;
  /** paths to read back afterwards; one that was not written is absent from the result */
  outputs: readonly string[];
}

export interface RunResult {
  exitCode: number;
  stdout: string;
  stderr: string;
  files: Map<string, Uint8Array>;
  /** set when the module trapped (out of memory, stack overflow, a defect in clang): what the engine said */
  trap?: string;
}

/** Runs clang.wasm: one run, one fresh instance, an in-memory file system. */
export interface ClangRunner {
  /** "wasi-shim" or "wasmer-sdk" */
  readonly name: string;
  run(request: RunRequest): Promise<RunResult>;
}

export type OptLevel = "-O0" | "-O1" | "-O2" | "-O3" | "-Os";
export type Mcpu = "v1" | "v2" | "v3" | "v4";

/** The kernel whose vmlinux.h a program sees. */
export interface CompileKernel {
  /** names the kernel; a text is prepared once per key, and again when it changes */
  key: string;
  vmlinuxH: string;
}

export interface CompileRequest {
  /** path (no leading slash, no "..") → text */
  files: Readonly<Record<string, string>>;
  /** the .c files to compile, each to its own object; default: every .c file, in the order of `files` */
  mainFiles?: readonly string[];
  /** null: no vmlinux.h */
  kernel: CompileKernel | null;
  /** default -O2 */
  opt?: OptLevel;
  /** -g; default true. Without it there is no BTF. */
  debug?: boolean;
  /** default v3, as clang's own */
  mcpu?: Mcpu;
  /** further clang arguments; see checkExtraArgs */
  extraArgs?: readonly string[];
  /** false: do not use a precompiled header even if there is one */
  usePrecompiled?: boolean;
}

export type Severity = "error" | "warning" | "note";

/** 1-based; columns count UTF-16 units where the file's text is known to us (the user's files), else bytes. The end is exclusive. */
export interface TextRange {
  line: number;
  col: number;
  endLine: number;
  endCol: number;
}

export interface FixIt {
  file: string;
  range: TextRange;
  text: string;
}

export interface DiagnosticNote extends TextRange {
  file: string;
  message: string;
  fixits: FixIt[];
}

export interface Diagnostic extends TextRange {
  severity: Severity;
  /** as clang names it; "" when the message belongs to no file (a bad argument) */
  file: string;
  message: string;
  /** "-Wint-conversion"; null when the message has none */
  flag: string | null;
  fixits: FixIt[];
  notes: DiagnosticNote[];
  /** for an #include that was not found: headers that exist and come near it, best first */
  nearHeaders?: string[];
  /** for a type or constant that the chosen kernel's types lack: which kernels have it; a sentence */
  hint?: string;
}

export interface CompiledObject {
  /** the .c file it comes from */
  source: string;
  /** ELF relocatable, as clang wrote it; null when that file did not compile */
  object: Uint8Array | null;
  /** clang's arguments, for showing */
  args: string[];
  ms: number;
  precompiled: boolean;
}

export interface CompileResult {
  /** true when every main file compiled */
  ok: boolean;
  /** the first main file's object (most programs have one file) */
  object: Uint8Array | null;
  objects: CompiledObject[];
  diagnostics: Diagnostic[];
  /** clang's own text, for people */
  stderr: string;
  ms: number;
}

/** Where precompiled headers are kept between runs. Failing to keep one is no error. */
export interface PrecompiledStore {
  get(key: string): Promise<Uint8Array | undefined>;
  set(key: string, bytes: Uint8Array): Promise<void>;
}
