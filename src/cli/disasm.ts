import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { DisasmLine } from "../workers/kernel-api.ts";
import { parseArgs } from "./args.ts";
import { failureText, missingProgram } from "./check.ts";
import { chooseKernels, Engine } from "./engine.ts";
import { Exit, usageError } from "./exit.ts";
import type { UsageError } from "./exit.ts";
import { openInput, programsOf } from "./objects.ts";
import { paint } from "./output.ts";
import type { Output } from "./output.ts";

/**
 * `disasm`: instructions with the C lines they come from. Without --xlated a program is shown as it stands in the object;
 * with it, as the loader hands it to a kernel (CO-RE, maps and kfuncs resolved). The rewriting that a kernel does after
 * verifying (context access, inlined helpers) is not simulated, and the heading says so.
 */
export async function disasmCommand(args: readonly string[], out: Output): Promise<Result<Exit, UsageError>> {
  const parsed = parseArgs(args, { "--program": "value", "--kernel": "value", "--lab": "value", "--xlated": "flag" });
  if (!parsed.ok) return err(usageError(parsed.error));
  const [file, more] = parsed.value.files;
  const { options } = parsed.value;
  if (file === undefined || more !== undefined) return err(usageError("takes one .c or .o file"));
  const engine = new Engine();
  const choice = await chooseKernels(engine, options, true);
  if (!choice.ok) return err(usageError(choice.error));
  const kernel = choice.value.kernels[0]!;
  const opened = await openInput(engine, file, [kernel], choice.value.overlay);
  if (!opened.ok) return err(usageError(opened.error));
  const input = opened.value.get(kernel)!;
  if (input.kind !== "open") {
    out.error(failureText(file, input));
    return ok(input.kind === "refused" ? Exit.REJECTED : Exit.COMPILE);
  }
  const wanted = options.get("--program");
  const missing = wanted === undefined ? null : missingProgram(wanted, [{ file, opened: opened.value }]);
  if (missing !== null) return err(usageError(missing));
  const xlated = options.has("--xlated");
  let exit: Exit = Exit.ACCEPTED;
  for (const program of wanted === undefined ? programsOf(opened.value) : [wanted]) {
    const lines = await engine.core.disassemble(input.id, program, kernel, choice.value.overlay, xlated ? "bound" : "object");
    if (!lines.ok) {
      out.error(`${file}: ${program}: ${lines.error.message}`);
      exit = lines.error.verdict === "unsupported" ? Exit.UNSUPPORTED : Exit.REJECTED;
      continue;
    }
    const how = xlated ? `as loaded on ${kernel}, before the kernel's own rewriting` : "as in the object";
    out.line(`${paint(out, "bold", program)}  ${paint(out, "grey", how)}`);
    for (const line of render(lines.value, out)) out.line(line);
    out.line("");
  }
  return ok(exit);
}

function render(lines: readonly DisasmLine[], out: Output): string[] {
  const width = String(lines.at(-1)?.insn ?? 0).length;
  const text: string[] = [];
  let place = "";
  for (const line of lines) {
    if (line.subprog !== undefined) text.push(paint(out, "cyan", `${line.subprog}:`));
    const here = line.source ? `${line.source.file.replace(/^\.\//, "")}:${line.source.line}` : place;
    if (line.source && here !== place) text.push(paint(out, "grey", `; ${line.source.text.trim()}  @ ${here}`));
    place = here;
    text.push(`${String(line.insn).padStart(width + 2)}: ${line.text}`);
  }
  return text;
}
