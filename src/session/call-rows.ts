import type { CallStatus } from "../workers/kernel-api.ts";
import { extentOf } from "./matrix.ts";

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
  const rest = known.length < asked.length ? `; not known for ${asked.filter((k) => !known.includes(k)).join(", ")}` : "";
  return `${words(known, known.map((k) => usable(cells.get(k)!)))}${rest}`;
}

function words(kernels: readonly string[], good: readonly boolean[]): string {
  const extent = extentOf(good);
  switch (extent.kind) {
    case "none": return "none of them";
    case "all": return "all";
    case "scattered": return `${kernels.filter((_, i) => good[i]).join(", ")} only`;
    case "from": return `${kernels[extent.first]} or newer`;
    case "to": return `up to ${kernels[extent.last]}`;
    case "only": return `${kernels[extent.first]} only`;
    case "between": return `${kernels[extent.first]} to ${kernels[extent.last]}`;
  }
}
