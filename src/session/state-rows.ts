import type { InsnVisit, RegView, StateView } from "../verifier/types.ts";

/** A register or stack slot before and after an instruction, for showing side by side. */
export interface StateRow {
  name: string;
  before: RegView | null;
  after: RegView | null;
  change: "same" | "changed" | "new" | "gone";
}

const sameView = (a: RegView, b: RegView): boolean =>
  a.text === b.text && a.id === b.id && a.precise === b.precise && JSON.stringify(a.bounds ?? null) === JSON.stringify(b.bounds ?? null);

/** Registers in their order, then stack slots from the frame pointer down. Without `after` there is nothing to compare: all "same". */
export function stateRows(before: StateView, after: StateView | null): StateRow[] {
  const out = new Map<string, StateRow>();
  for (const view of [...before.regs, ...before.stack]) out.set(view.name, { name: view.name, before: view, after: null, change: after ? "gone" : "same" });
  for (const view of after ? [...after.regs, ...after.stack] : []) {
    const row = out.get(view.name);
    if (!row?.before) out.set(view.name, { name: view.name, before: null, after: view, change: "new" });
    else out.set(view.name, { ...row, after: view, change: sameView(row.before, view) ? "same" : "changed" });
  }
  return [...out.values()].sort((a, b) => place(a.name) - place(b.name));
}
/** r0 … r10, then fp-8, fp-16 … */
function place(name: string): number {
  return name.startsWith("fp") ? 100 - Number(name.slice(2)) : Number(name.slice(1));
}

/** "0 ≤ value ≤ 255", "value = 5 or more …": bounds for people; null where nothing is known. */
export function boundsText(view: RegView): string | null {
  const b = view.bounds;
  if (!b) return null;
  if (b.mask === "0x0") return `= ${b.smin}`;
  const out: string[] = [];
  const whole = b.umin === "0" && b.umax === "18446744073709551615";
  const signedWhole = b.smin === "-9223372036854775808" && b.smax === "9223372036854775807";
  if (!whole) out.push(`unsigned ${b.umin} … ${b.umax}`);
  if (!signedWhole && (b.smin !== b.umin || b.smax !== b.umax)) out.push(`signed ${b.smin} … ${b.smax}`);
  const low = b.u32min === "0" && b.u32max === "4294967295";
  if (!low && (b.u32min !== b.umin || b.u32max !== b.umax)) out.push(`low 32 bits ${b.u32min} … ${b.u32max}`);
  if (b.mask !== "0xffffffffffffffff") out.push(`known bits ${b.value}, unknown ${b.mask}`);
  return out.length > 0 ? out.join("; ") : "nothing known of its value";
}

/** How a visit went on, in words. */
export function outcomeText(visit: InsnVisit): string {
  switch (visit.outcome) {
    case "next": return `goes on at ${visit.to}`;
    case "jump": return `jumps to ${visit.to}`;
    case "end of path": return "the path ends here, safe";
    case "refused": return "refused here";
    case "pruned":
      if (!visit.equal) return "not explored again: an earlier state covers it";
      return visit.equal.visit === 0
        ? "not explored again: an earlier state covers it"
        : `not explored again: visit ${visit.equal.visit} covers it${visit.equal.open ? ", a state of this very loop" : ", whose paths were all safe"}`;
  }
}
