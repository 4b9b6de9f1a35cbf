/** The command line: `npm run --silent cli -- COMMAND …`, or the package's bin. */
import { existsSync } from "node:fs";
import { Exit } from "./exit.ts";
import type { UsageError } from "./exit.ts";
import type { Output } from "./output.ts";
import type { Result } from "../base/result.ts";

const USAGE = `usage: bpf-playground COMMAND …

  compile FILE.c… [-o OUT.o] [--kernel V] [-O0|-O1|-O2|-Os] [-g] [--mcpu v1..v4] [-- CLANG-ARGS…]
  check   FILE.{c,o}… [--program NAME] [--kernel V[,V…]|all] [--lab FILE|none]… [--log-level 0|1|2] [--states [INSN]] [--hot [N]] [--difference] [--unprivileged] [--json]
  run     FILE.{c,o} --program NAME [--kernel V] [--lab FILE] [--data-in FILE|hex:…] [--ctx-in FILE|hex:…] [--repeat N] [--maps FILE] [--json]
  kernels [--json]
  api     NAME [--kernel V] [--lab FILE] [--json]   the life of a helper or kfunc across kernels, and what decides whether it may change
  shim    FILE.c [--kernels A..B] [--kernel V] [--api NAME,…] [-o OUT.h] [--json]   a header that lets one source serve a range of kernels, with the proof
  calls   [--call NAME] [--kernel V] [--lab FILE] [--source FORM] [--json]   one call declared in every way, at -O0 and -O2: what it becomes, what the kernel says
  disasm  FILE.{c,o} [--program NAME] [--xlated]
  workshop check DIR… [--step NAME] [--files-only] [--json] | new DIR | index [DIR] [--check]

Without --kernel the newest is taken. Exit status: 0 all accepted, 1 something rejected, 2 wrong usage or unreadable
input, 3 something unsupported and nothing rejected, 4 compile error.`;

type Command = (args: readonly string[], out: Output) => Promise<Result<Exit, UsageError>>;

/** Each command's code is loaded when it is asked for: `kernels` needs no verifier. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  compile: async () => (await import("./compile.ts")).compileCommand,
  check: async () => (await import("./check.ts")).checkCommand,
  run: async () => (await import("./run.ts")).runCommand,
  kernels: async () => (await import("./kernels.ts")).kernelsCommand,
  api: async () => (await import("./api.ts")).apiCommand,
  shim: async () => (await import("./shim.ts")).shimCommand,
  calls: async () => (await import("./calls.ts")).callsCommand,
  disasm: async () => (await import("./disasm.ts")).disasmCommand,
  workshop: async () => (await import("./workshop.ts")).workshopCommand,
};

/** Runs one command line; never throws. */
export async function runCli(args: readonly string[], out: Output): Promise<Exit> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    (name === undefined ? out.error : out.line)(USAGE);
    return name === undefined ? Exit.USAGE : Exit.ACCEPTED;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!load) {
    out.error(`unknown command "${name}"; there are: ${Object.keys(COMMANDS).join(", ")}`);
    return Exit.USAGE;
  }
  if (rest.includes("--help")) {
    out.line(USAGE);
    return Exit.ACCEPTED;
  }
  try {
    const command = await load();
    const done = await command(rest, out);
    if (done.ok) return done.value;
    out.error(`${name}: ${done.error.message}`);
    return done.error.exit;
  } catch (error) {
    out.error(`${name}: a defect of this program: ${error instanceof Error ? error.message : String(error)}`.split("\n")[0]!);
    return Exit.UNSUPPORTED;
  }
}

/** Runs the process's own command line and ends the process with the contract's exit status. */
export async function main(): Promise<void> {
  // npm runs scripts in the project's folder; paths are meant from where the user is.
  const from = ["cli", "workshop"].includes(process.env["npm_lifecycle_event"] ?? "") ? process.env["INIT_CWD"] : undefined;
  if (from !== undefined && existsSync(from)) process.chdir(from);
  const colour = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined && process.env["TERM"] !== "dumb";
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : Exit.USAGE));
  const exit = await runCli(process.argv.slice(2), {
    line: (text) => void process.stdout.write(`${text}\n`),
    error: (text) => void process.stderr.write(`${text}\n`),
    colour,
    width: process.stdout.columns ?? 100,
  });
  // Workers and timers of the compiler may still be alive; the output is written out first.
  process.exitCode = exit;
  process.stdout.write("", () => process.exit(exit));
}

if (process.argv[1] !== undefined && /[\\/]cli[\\/]main\.ts$/.test(process.argv[1])) void main();
