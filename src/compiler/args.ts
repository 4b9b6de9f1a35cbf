import { err, ok, type Result } from "../base/result.ts";
import type { CompileRequest, Mcpu, OptLevel } from "./types.ts";

/** Where things are in clang's world, as file map keys. clang gets them as absolute paths, which line information then names. */
export const CLANG_HEADERS = "usr/lib/clang/22/include";
export const KERNEL_HEADERS = "usr/include/kernel";
export const SYSTEM_HEADERS = "usr/include";
export const VMLINUX_H = `${KERNEL_HEADERS}/vmlinux.h`;
/**
 * What line information names as the folder of the user's files. clang reads the C lines that go into .BTF.ext from there
 * (LLVM BTFDebug::populateFileContent), so it must lead to them in every runner: the folder that it is run in.
 */
export const SOURCE_DIR = ".";

/** Arguments that decide what a precompiled header means: everything but the input and output. */
export function targetArgs(request: Pick<CompileRequest, "opt" | "debug" | "mcpu" | "extraArgs">): string[] {
  return [
    "-target", "bpf",
    request.opt ?? "-O2",
    ...(request.debug === false ? [] : ["-g"]),
    `-mcpu=${request.mcpu ?? "v3"}`,
    "-D__TARGET_ARCH_x86",
    // The kernel builds with it, and its types (so vmlinux.h) need it.
    "-fms-extensions",
    // vmlinux.h printed from BTF declares types that declare nothing.
    "-Wno-missing-declarations",
    "-nostdinc",
    "-isystem", `/${CLANG_HEADERS}`,
    "-isystem", `/${KERNEL_HEADERS}`,
    "-isystem", `/${SYSTEM_HEADERS}`,
    `-fdebug-compilation-dir=${SOURCE_DIR}`,
    ...(request.extraArgs ?? []),
  ];
}

/** Arguments that make clang's messages readable for parseDiagnostics. */
export const DIAGNOSTIC_ARGS = [
  "-fno-color-diagnostics",
  "-fdiagnostics-parseable-fixits",
  "-fdiagnostics-print-source-range-info",
];

const OPT_LEVELS: readonly OptLevel[] = ["-O0", "-O1", "-O2", "-O3", "-Os"];
const MCPUS: readonly Mcpu[] = ["v1", "v2", "v3", "v4"];

/** Arguments allowed by themselves. */
const ALLOWED: readonly RegExp[] = [
  /^-O[0-3sz]$/,
  /^-g[0-3]?$|^-gdwarf(-[2-5])?$|^-gline-tables-only$|^-gmlt$|^-g(no-)?column-info$/,
  /^-mcpu=(generic|probe|v[1-4])$/,
  /^-m(no-)?(alu32|dwarfris)$/,
  /^-m(little|big)-endian$/,
  /^-std=(c|gnu)(89|90|99|11|17|18|23|2x|2y)$|^-ansi$/,
  /^-D[A-Za-z_]\w*(\([\w, .]*\))?(=[^\0\n]*)?$/,
  /^-U[A-Za-z_]\w*$/,
  /^-W(no-)?[a-z0-9+][\w+=-]*$|^-Wall$|^-Wextra$|^-W$|^-w$|^-pedantic(-errors)?$/i,
  /^-f(no-)?(builtin|builtin-[a-z0-9_]+|inline|inline-functions|unroll-loops|strict-aliasing|strict-overflow|wrapv|wrapv-pointer|trapv|common|signed-char|unsigned-char|short-enums|signed-bitfields|ms-extensions|gnu89-inline|jump-tables|vectorize|slp-vectorize|tree-vectorize|math-errno|freestanding|hosted|asynchronous-unwind-tables|unwind-tables|delete-null-pointer-checks|merge-all-constants|function-sections|data-sections|zero-initialized-in-bss|omit-frame-pointer|optimize-sibling-calls|strict-return|strict-enums|finite-loops|spell-checking|standalone-debug|eliminate-unused-debug-types|unique-section-names|strict-flex-arrays=[0-3]|trivial-auto-var-init=(uninitialized|zero|pattern))$/,
  /^-f(error-limit|template-backtrace-limit|macro-backtrace-limit|bracket-depth|constexpr-steps)=\d{1,6}$|^-fvisibility=(default|hidden|protected|internal)$/,
  /^-(iquote|isystem|I)(?!\/)(?!.*\.\.)[\w.+/-]+$/,
];

/** Arguments that take the next one; the second expression says what that may be. */
const PAIRS: readonly [RegExp, RegExp][] = [
  [/^-D$/, /^[A-Za-z_]\w*(\([\w, .]*\))?(=[^\0\n]*)?$/],
  [/^-U$/, /^[A-Za-z_]\w*$/],
  [/^-(include|imacros|iquote|isystem|I)$/, /^(?!\/)(?!.*\.\.)[\w.+/-]+$/],
  [/^-mllvm$/, /^-{1,2}bpf-[\w-]+(=[\w.-]+)?$/],
  [/^-Xclang$/, /^-target-feature$/],
];

/**
 * Lets through what changes how a program is compiled and nothing that changes which files clang writes, what it runs or what
 * it prints. Returns the arguments, or a sentence about the first that is refused.
 */
export function checkExtraArgs(args: readonly string[]): Result<string[], string> {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (ALLOWED.some((pattern) => pattern.test(arg))) continue;
    const pair = PAIRS.find(([name]) => name.test(arg));
    if (!pair) return err(`the argument "${shorten(arg)}" is not one of those the playground passes to clang`);
    const value = args[++i];
    if (value === undefined) return err(`the argument "${arg}" needs a value after it`);
    if (!pair[1].test(value)) return err(`"${shorten(value)}" is not allowed after "${arg}"`);
    if (arg === "-Xclang") {
      // -Xclang -target-feature -Xclang +alu32
      if (args[i + 1] !== "-Xclang" || !/^[+-](alu32|dummy|dwarfris)$/.test(args[i + 2] ?? "")) {
        return err('"-Xclang -target-feature" takes "-Xclang" and +alu32, -alu32, +dwarfris or -dwarfris after it');
      }
      i += 2;
    }
  }
  return ok([...args]);
}

/** Flags and paths of a request, checked; the message says what is wrong. */
export function checkRequest(request: CompileRequest): Result<{ mainFiles: string[] }, string> {
  if (request.opt !== undefined && !OPT_LEVELS.includes(request.opt)) return err(`"${shorten(String(request.opt))}" is not an optimisation level; there are ${OPT_LEVELS.join(", ")}`);
  if (request.mcpu !== undefined && !MCPUS.includes(request.mcpu)) return err(`"${shorten(String(request.mcpu))}" is not a BPF instruction set version; there are ${MCPUS.join(", ")}`);
  const extra = checkExtraArgs(request.extraArgs ?? []);
  if (!extra.ok) return extra;
  for (const path of Object.keys(request.files)) {
    const problem = pathProblem(path);
    if (problem) return err(`the file name "${shorten(path)}" ${problem}`);
  }
  const mainFiles = request.mainFiles ? [...request.mainFiles] : Object.keys(request.files).filter((path) => path.endsWith(".c"));
  if (mainFiles.length === 0) return err("there is no .c file to compile");
  for (const path of mainFiles) if (!Object.hasOwn(request.files, path)) return err(`there is no file "${shorten(path)}" to compile`);
  return ok({ mainFiles });
}

/** What is wrong with a user's file name, or undefined. */
export function pathProblem(path: string): string | undefined {
  if (path === "" || path.length > 200) return "is empty or too long";
  if (path.startsWith("-")) return "starts with a dash";
  if (!/^[\p{L}\p{N}_.+ -]+(\/[\p{L}\p{N}_.+ -]+)*$/u.test(path)) return "has characters other than letters, digits and . _ + - (and / between folders)";
  if (path.split("/").some((part) => part === "." || part === "..")) return 'has "." or ".." in it';
  if (/^(usr|tmp)(\/|$)/.test(path)) return "is in a folder the compiler uses itself (usr, tmp)";
  return undefined;
}

/** The object's name for a source: "a/x.bpf.c" → "a/x.bpf.o". */
export function objectName(source: string): string {
  return source.replace(/\.[^./]*$/, "") + ".o";
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
