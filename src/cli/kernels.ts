import { ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { decodeUtf8 } from "../base/bytes.ts";
import { parseIndex } from "../kernel/releases.ts";
import { parseArgs } from "./args.ts";
import { Exit, usageError } from "./exit.ts";
import type { UsageError } from "./exit.ts";
import { kernelFilesIn } from "./kernel-files.ts";
import { paint, table } from "./output.ts";
import type { Output } from "./output.ts";

/** `kernels`: the simulated kernels, oldest first. Reads the index only. */
export async function kernelsCommand(args: readonly string[], out: Output): Promise<Result<Exit, UsageError>> {
  const parsed = parseArgs(args, { "--json": "flag" });
  if (!parsed.ok) return { ok: false, error: usageError(parsed.error) };
  if (parsed.value.files.length > 0) return { ok: false, error: usageError(`takes no argument, not "${parsed.value.files[0]}"`) };
  const file = await kernelFilesIn()("index.json");
  const index = file.ok ? parseIndex(decodeUtf8(file.value)) : file;
  if (!index.ok) return { ok: false, error: usageError(index.error) };
  if (parsed.value.options.has("--json")) {
    for (const { kernel, release, helpers, kfuncs, btf } of index.value.kernels) out.line(JSON.stringify({ schema: 1, kernel, release, helpers, kfuncs, btf }));
    return ok(Exit.ACCEPTED);
  }
  const head = ["kernel", "release", "helpers", "kfuncs", "BTF"].map((h) => paint(out, "bold", h));
  const rows = index.value.kernels.map((k) => [k.kernel, k.release, String(k.helpers), String(k.kfuncs), k.btf ? "yes" : "no"]);
  for (const line of table([head, ...rows], [2, 3])) out.line(line);
  return ok(Exit.ACCEPTED);
}
