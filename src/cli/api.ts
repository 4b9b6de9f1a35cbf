import { decodeUtf8 } from "../base/bytes.ts";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { lifeRows } from "../kernel/api-change.ts";
import { essentialName, findApi } from "../kernel/api-explain.ts";
import { loadApiDb } from "../kernel/api-store.ts";
import type { ApiDb, ApiLife } from "../kernel/api-types.ts";
import { nearestNames } from "../kernel/nearest.ts";
import { parseArgs } from "./args.ts";
import { Exit, usageError } from "./exit.ts";
import type { UsageError } from "./exit.ts";
import { kernelFilesIn } from "./kernel-files.ts";
import { paint, table } from "./output.ts";
import type { Output } from "./output.ts";

/** `api NAME`: the life of a helper or kfunc. Helpers may be given with or without `bpf_`, or by number. */
export async function apiCommand(args: readonly string[], out: Output): Promise<Result<Exit, UsageError>> {
  const parsed = parseArgs(args, { "--json": "flag" });
  if (!parsed.ok) return err(usageError(parsed.error));
  const [name, more] = parsed.value.files;
  if (name === undefined || more !== undefined) return err(usageError("takes one name of a helper or kfunc"));
  const file = await kernelFilesIn()("api.json");
  const db = file.ok ? loadApiDb(decodeUtf8(file.value)) : file;
  if (!db.ok) return err(usageError(db.error));
  const life = lookUp(db.value, name);
  if (!life) {
    const near = nearestNames(name, db.value.apis.map((a) => a.name), 3);
    return err(usageError(`no helper or kfunc "${name}" in kernels ${range(db.value)}${near.length > 0 ? `; nearest: ${near.join(", ")}` : ""}`));
  }
  if (parsed.value.options.has("--json")) out.line(JSON.stringify(apiJson(db.value, life)));
  else print(db.value, life, out);
  return ok(Exit.ACCEPTED);
}

function lookUp(db: ApiDb, name: string): ApiLife | undefined {
  if (/^#?\d+$/.test(name)) return db.apis.find((a) => a.kind === "helper" && a.id === Number(name.replace("#", "")));
  return findApi(db, name) ?? findApi(db, `bpf_${name}`) ?? findApi(db, essentialName(name));
}

function range(db: ApiDb): string {
  return `${db.kernels[0]?.kernel} to ${db.kernels.at(-1)?.kernel}`;
}

/** The JSON of the contract: `api NAME --json`. */
export function apiJson(db: ApiDb, life: ApiLife): object {
  return {
    schema: 1, name: life.name, kind: life.kind, id: life.id, since: life.since, until: life.until, replacement: life.replacement?.name ?? null,
    kernels: lifeRows(db, life).map(({ kernel, state, change, known }) => ({
      kernel, present: state !== null, known, signature: state?.signature ?? null, flags: state?.flags ?? [], program_types: state?.programTypes ?? [], module: state?.module ?? null, change,
    })),
  };
}

function print(db: ApiDb, life: ApiLife, out: Output): void {
  const kind = life.kind === "helper" ? `helper #${life.id}` : "kfunc";
  const until = life.until === null ? "" : `, last in ${life.until}`;
  out.line(`${paint(out, "bold", life.name)}  ${kind}, of the kernels ${range(db)} first in ${life.since}${until}`);
  const { replacement } = life;
  if (replacement) {
    const same = replacement.sameArguments ? "same arguments" : "other arguments";
    out.line(`replaced by ${paint(out, "green", replacement.name)} (${same}; ${replacement.how}${replacement.note === null ? "" : `: ${replacement.note}`})`);
  }
  out.line("");
  const rows = lifeRows(db, life);
  let shown: string | null = null;
  const lines = rows.map(({ kernel, state, change, known }) => {
    if (!known) return [kernel, paint(out, "grey", "?"), paint(out, "grey", "not known: its pack has no modules")];
    if (!state) return [kernel, paint(out, shown === null ? "grey" : "red", "—"), paint(out, change ? "red" : "grey", change ?? "")];
    const signature = state.signature === shown ? paint(out, "grey", "〃") : state.signature;
    shown = state.signature;
    return [kernel, signature, paint(out, "yellow", change ?? "")];
  });
  for (const line of table(lines)) out.line(line);
  const last = rows.filter((r) => r.state).at(-1)!;
  out.line("");
  out.line(`in ${last.kernel}: program types ${last.state!.programTypes.join(", ") || "none that is known"}`);
  if (last.state!.flags.length > 0) out.line(`flags ${last.state!.flags.join(" ")}`);
  if (last.state!.module !== null) out.line(`module ${last.state!.module}`);
  for (const proto of last.state!.protos) out.line(`checked as ${proto}`);
}
