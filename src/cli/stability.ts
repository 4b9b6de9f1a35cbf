import type { StabilityFactor, StabilityRecord } from "../kernel/stability-types.ts";
import { paint, table } from "./output.ts";
import type { Output } from "./output.ts";

const PULL: Readonly<Record<StabilityFactor["pull"], { sign: string; colour: "green" | "yellow" | "grey" }>> = {
  keep: { sign: "stays", colour: "green" }, change: { sign: "may change", colour: "yellow" }, neither: { sign: "either way", colour: "grey" }, unknown: { sign: "not known", colour: "grey" },
};

/** The stability record for people: summary, the five factors, users, changes that a custom kernel makes. */
export function printStability(record: StabilityRecord, out: Output): void {
  out.line(paint(out, "bold", "Stability"));
  for (const sentence of record.summary) out.line(sentence);
  out.line("");
  for (const line of table(record.factors.map((f) => [f.factor, paint(out, PULL[f.pull].colour, PULL[f.pull].sign), f.says]))) out.line(line);
  out.line(paint(out, "grey", `norm: ${record.norm.source}`));
  if (record.users && record.users.rows.length > 0) {
    out.line("");
    out.line("callers, of the files searched:");
    for (const line of table(record.users.rows.map((r) => [`${r.callers}/${r.files}`, `${r.name} ${r.version}`, r.form === "objects" ? "" : "(text)", `${r.examples.join(", ")}${r.callers > r.examples.length ? ", …" : ""}`]), [0])) out.line(`  ${line}`);
  }
}

/** As `api NAME --json` gives it under "stability". */
export function stabilityJson(record: StabilityRecord): object {
  const { madeUpBy, age, changes, users, predecessors, norm, factors, summary } = record;
  return {
    made_up_by: madeUpBy, age, changes, predecessors,
    users: users && { totals: users.totals, searched: users.searched, callers: users.rows.map((r) => ({ name: r.name, version: r.version, kind: r.kind, form: r.form, callers: r.callers, files: r.files, examples: r.examples })) },
    norm, factors, summary,
  };
}
