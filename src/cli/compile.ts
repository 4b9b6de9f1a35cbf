import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { Mcpu, OptLevel } from "../compiler/types.ts";
import { parseArgs } from "./args.ts";
import { compileSource } from "./compile-source.ts";
import { chooseKernels, Engine } from "./engine.ts";
import { Exit, usageError } from "./exit.ts";
import type { UsageError } from "./exit.ts";
import type { Output } from "./output.ts";
import { readSources } from "./sources.ts";

const LEVELS: readonly OptLevel[] = ["-O0", "-O1", "-O2", "-Os"];

/** `compile`: C to BPF objects. As with clang, there is BTF only with -g. */
export async function compileCommand(args: readonly string[], out: Output): Promise<Result<Exit, UsageError>> {
  const flags = Object.fromEntries([...LEVELS, "-g"].map((flag) => [flag, "flag" as const]));
  const parsed = parseArgs(args, { "-o": "value", "--kernel": "value", "--lab": "value", "--mcpu": "value", ...flags });
  if (!parsed.ok) return err(usageError(parsed.error));
  const { files, options, rest } = parsed.value;
  if (files.length === 0) return err(usageError("takes at least one .c file"));
  const other = files.find((f) => !f.endsWith(".c"));
  if (other !== undefined) return err(usageError(`${other}: is no .c file`));
  if (options.has("-o") && files.length > 1) return err(usageError("-o names one object, but there are several files"));
  const levels = LEVELS.filter((level) => options.has(level));
  if (levels.length > 1) return err(usageError(`${levels.join(" and ")} cannot both be given`));
  const mcpu = options.get("--mcpu");
  if (mcpu !== undefined && !/^v[1-4]$/.test(mcpu)) return err(usageError(`--mcpu takes v1, v2, v3 or v4, not "${mcpu}"`));
  const engine = new Engine();
  const choice = await chooseKernels(engine, options, true);
  if (!choice.ok) return err(usageError(choice.error));

  let exit: Exit = Exit.ACCEPTED;
  for (const file of files) {
    const sources = readSources(file);
    if (!sources.ok) return err(usageError(sources.error));
    const done = await compileSource(engine, sources.value, choice.value.kernels[0]!, choice.value.overlay, {
      opt: levels[0] ?? "-O2", debug: options.has("-g"), ...(mcpu === undefined ? {} : { mcpu: mcpu as Mcpu }), extraArgs: rest,
    });
    if (!done.ok) return err(usageError(`${file}: ${done.error}`));
    if (done.value.stderr.trim() !== "") out.error(done.value.stderr.trimEnd());
    if (!done.value.object) {
      if (done.value.stderr.trim() === "") out.error(`${file}: ${done.value.diagnostics[0]?.message ?? "did not compile"}`);
      exit = Exit.COMPILE;
      continue;
    }
    const target = options.get("-o") ?? basename(file).replace(/\.c$/, ".o");
    try {
      await writeFile(target, done.value.object);
    } catch (error) {
      return err(usageError(`${target}: cannot be written (${(error as NodeJS.ErrnoException).code})`));
    }
    out.line(`${target}  ${done.value.object.length} bytes  ${Math.round(done.value.ms)} ms`);
  }
  return ok(exit);
}
