import type { CallStatus } from "../workers/kernel-api.ts";

/** A row of calls × kernels. */
export interface CallRow {
  name: string;
  kind: CallStatus["kind"];
  id: number | null;
  weak: boolean;
  /** by kernel; a kernel that was not asked yet has none */
  cells: ReadonlyMap<string, CallStatus>;
  /** in words, from which kernel on it can be called; null while kernels are missing */
  summary: string | null;
}

const usable = (cell: CallStatus): boolean => cell.status === "available" || cell.status === "deprecated";

/**
 * Turns the kernels' answers into rows, one for each helper and kfunc: helpers by number, then kfuncs by name. `kernels` are
 * all that are asked, oldest first. A kernel under which a program does not even compile the same may not list a call: its cell is absent.
 */
export function callRows(calls: ReadonlyMap<string, readonly CallStatus[]>, kernels: readonly string[]): CallRow[] {
  const rows = new Map<string, { status: CallStatus; cells: Map<string, CallStatus> }>();
  for (const kernel of kernels) {
    for (const status of calls.get(kernel) ?? []) {
      const key = `${status.kind} ${status.name}`;
      const row = rows.get(key) ?? { status, cells: new Map<string, CallStatus>() };
      row.cells.set(kernel, status);
      rows.set(key, row);
    }
  }
  return [...rows.values()]
    .sort((a, b) => (a.status.id ?? Infinity) - (b.status.id ?? Infinity) || (a.status.name < b.status.name ? -1 : 1))
    .map(({ status: { name, kind, id, weak }, cells }) => ({ name, kind, id, weak, cells, summary: summary(cells, kernels) }));
}

function summary(cells: ReadonlyMap<string, CallStatus>, kernels: readonly string[]): string | null {
  const asked = kernels.filter((k) => cells.has(k));
  if (asked.length < kernels.length) return null;
  const known = asked.filter((k) => cells.get(k)!.status !== "not known");
  const good = known.filter((k) => usable(cells.get(k)!));
  const rest = known.length < asked.length ? `; not known for ${asked.filter((k) => !known.includes(k)).join(", ")}` : "";
  if (good.length === 0) return `none of them${rest}`;
  if (good.length === known.length) return `all${rest}`;
  const first = known.indexOf(good[0]!);
  const last = known.indexOf(good.at(-1)!);
  if (last - first + 1 !== good.length) return `${good.join(", ")} only${rest}`;
  if (last === known.length - 1) return `${good[0]} or newer${rest}`;
  return first === 0 ? `up to ${good.at(-1)}${rest}` : first === last ? `${good[0]} only${rest}` : `${good[0]} to ${good.at(-1)}${rest}`;
}
