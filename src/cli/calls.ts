import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { CALL_FORMS, CALL_SUBJECTS, callFormSource } from "../session/lab/call-forms.ts";
import { tryCall } from "../session/lab/try-calls.ts";
import type { CallDoors, CallOpt, CallTry } from "../session/lab/try-calls.ts";
import { parseArgs } from "./args.ts";
import { compileSource } from "./compile-source.ts";
import { chooseKernels, Engine } from "./engine.ts";
import { Exit, usageError } from "./exit.ts";
import type { UsageError } from "./exit.ts";
import { paint, table } from "./output.ts";
import type { Output } from "./output.ts";

/** `calls`: one call declared in every way, compiled at -O0 and -O2; what each becomes and what a kernel says. */
export async function callsCommand(args: readonly string[], out: Output): Promise<Result<Exit, UsageError>> {
  const parsed = parseArgs(args, { "--kernel": "value", "--lab": "value", "--call": "value", "--source": "value", "--json": "flag" });
  if (!parsed.ok) return err(usageError(parsed.error));
  const { files, options } = parsed.value;
  if (files.length > 0) return err(usageError("takes no file"));
  const subject = CALL_SUBJECTS.find((s) => [s.id, s.helper, String(s.number)].includes(options.get("--call") ?? "lookup"));
  if (!subject) return err(usageError(`--call takes ${CALL_SUBJECTS.map((s) => s.helper).join(" or ")}`));
  const only = options.get("--source");
  if (only !== undefined) {
    const form = CALL_FORMS.find((f) => f.id === only);
    if (!form) return err(usageError(`--source takes one of: ${CALL_FORMS.map((f) => f.id).join(", ")}`));
    out.line(callFormSource(form, subject).trimEnd());
    return ok(Exit.ACCEPTED);
  }
  const engine = new Engine();
  const choice = await chooseKernels(engine, options, true);
  if (!choice.ok) return err(usageError(choice.error));
  const kernel = choice.value.kernels[0]!;
  const { overlay } = choice.value;
  const doors: CallDoors = {
    compile: async (source, opt) => {
      const compiled = await compileSource(engine, { files: { "call.bpf.c": source }, main: "call.bpf.c" }, kernel, overlay, { opt });
      return compiled.ok ? ok({ object: compiled.value.object, diagnostics: compiled.value.diagnostics }) : compiled;
    },
    open: (id, object) => engine.core.open(id, object),
    check: (id, program) => engine.core.check(id, program, kernel, overlay, { logLevel: 0 }),
    disasm: (id, program) => engine.core.disasm(id, program, kernel, overlay),
  };
  const tries: CallTry[] = [];
  for (const form of CALL_FORMS) {
    for (const opt of ["-O0", "-O2"] as const satisfies readonly CallOpt[]) {
      const tried = await tryCall(doors, form, subject, opt);
      tries.push(tried);
      if (options.has("--json")) out.line(JSON.stringify({ schema: 1, subject: subject.helper, kernel, ...tried }));
    }
  }
  if (!options.has("--json")) print(tries, subject.title, kernel, out);
  return ok(Exit.ACCEPTED);
}

function print(tries: readonly CallTry[], title: string, kernel: string, out: Output): void {
  out.line(`${paint(out, "bold", title)}, on ${kernel}`);
  const rows = tries.map((t) => [
    CALL_FORMS.find((f) => f.id === t.form)!.title, t.opt, t.call?.text ?? "—",
    paint(out, t.verdict === "accepted" ? "green" : t.verdict === "unsupported" ? "grey" : "red", t.verdict), t.verdict === "accepted" ? "" : `${t.stage}: ${t.message}`,
  ]);
  for (const line of table([["declared as", "level", "the call became", "verdict", ""], ...rows])) out.line(line);
  for (const t of tries) for (const d of t.diagnostics) if (d.severity === "warning") out.line(`${CALL_FORMS.find((f) => f.id === t.form)!.title}, ${t.opt}: ${paint(out, "yellow", "warning")}: ${d.message}`);
}
