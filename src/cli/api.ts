import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { lifeRows } from "../kernel/api-change.ts";
import { essentialName, findApi } from "../kernel/api-explain.ts";
import type { ApiDb, ApiLife } from "../kernel/api-types.ts";
import { nearestNames } from "../kernel/nearest.ts";
import { parseArgs } from "./args.ts";
import { Exit, usageError } from "./exit.ts";
import type { UsageError } from "./exit.ts";
import { chooseKernels, Engine } from "./engine.ts";
import { paint, table } from "./output.ts";
import type { Output } from "./output.ts";
import { printStability, stabilityJson } from "./stability.ts";
import type { StabilityRecord } from "../kernel/stability-types.ts";

/**
 * `api NAME`: the life of a helper or kfunc, and what decides whether it may change. Helpers may be given with or without
 * `bpf_`, or by number. With --lab, what a custom kernel makes up or changes is known too.
 */
export async function apiCommand(args: readonly string[], out: Output): Promise<Result<Exit, UsageError>> {
  const parsed = parseArgs(args, { "--json": "flag", "--kernel": "value", "--lab": "value" });
  if (!parsed.ok) return err(usageError(parsed.error));
  const [name, more] = parsed.value.files;
  if (name === undefined || more !== undefined) return err(usageError("takes one name of a helper or kfunc"));
  const engine = new Engine();
  const db = await engine.core.store.apis();
  if (!db.ok) return err(usageError(db.error));
  const choice = await chooseKernels(engine, parsed.value.options, true);
  if (!choice.ok) return err(usageError(choice.error));
  const life = lookUp(db.value, name);
  const stability = await engine.core.stability(life?.name ?? name, choice.value.kernels[0]!, choice.value.overlay);
  if (!life && stability.ok) {
    printMadeUp(stability.value, parsed.value.options.has("--json"), out);
    return ok(Exit.ACCEPTED);
  }
  if (!life) {
    const near = nearestNames(name, db.value.apis.map((a) => a.name), 3);
    return err(usageError(`no helper or kfunc "${name}" in kernels ${range(db.value)}${near.length > 0 ? `; nearest: ${near.join(", ")}` : ""}`));
  }
  if (parsed.value.options.has("--json")) out.line(JSON.stringify({ ...apiJson(db.value, life), stability: stability.ok ? stabilityJson(stability.value) : null }));
  else {
    print(db.value, life, out);
    out.line("");
    if (stability.ok) printStability(stability.value, out);
  }
  return ok(Exit.ACCEPTED);
}

function lookUp(db: ApiDb, name: string): ApiLife | undefined {
  if (/^#?\d+$/.test(name)) return db.apis.find((a) => a.kind === "helper" && a.id === Number(name.replace("#", "")));
  return findApi(db, name) ?? findApi(db, `bpf_${name}`) ?? findApi(db, essentialName(name));
}

/** A kfunc that only a custom kernel has: it has no life to print. */
function printMadeUp(record: StabilityRecord, json: boolean, out: Output): void {
  if (json) {
    out.line(JSON.stringify({
      schema: 1, name: record.name, kind: record.kind, id: null, since: null, until: null, replacement: record.successor?.name ?? null, kernels: [],
      signature: record.signature, stability: stabilityJson(record),
    }));
    return;
  }
  out.line(`${paint(out, "bold", record.name)}  kfunc of the custom kernel ${record.madeUpBy}`);
  if (record.signature !== null) out.line(record.signature);
  for (const change of record.changes) out.line(`${change.kernel}: ${change.what}`);
  out.line("");
  printStability(record, out);
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
