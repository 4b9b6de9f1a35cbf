/** Instruction arrays as jump tables of gotox (kernel create_jt, bpf_insn_array.c, 6.19+). */
import type { Env } from "../state/env.ts";
import type { VMap } from "../state/maps.ts";

const ENTRY = 16;

/** Targets of the entries lo…hi, sorted, each once. */
export function jumpTargets(map: VMap, lo: number, hi: number): number[] {
  const data = map.spec.initialData;
  if (!data) return [];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const out = new Set<number>();
  for (let i = lo; i <= hi && (i + 1) * ENTRY <= data.byteLength; i++) out.add(view.getUint32(i * ENTRY, true));
  return [...out].sort((a, b) => a - b);
}
/** An instruction array must point at instructions of the program. */
export function initInsnArray(env: Env, map: VMap): void {
  const ok = map.spec.initialData !== undefined && jumpTargets(map, 0, map.maxEntries - 1).every((t) => t < env.insns.length && env.insns[t]!.code !== 0);
  if (!ok) env.fail("EINVAL", "Failed to properly initialize insn array");
  const maps = insnArrays(env);
  if (!maps.includes(map)) maps.push(map);
}
function insnArrays(env: Env): VMap[] {
  let maps = env.passData.get("insn_arrays") as VMap[] | undefined;
  if (!maps) env.passData.set("insn_arrays", (maps = []));
  return maps;
}
/** All targets that jump tables of the instruction's subprogram hold. */
export function createJumpTable(env: Env, t: number): number[] {
  const sub = env.findContainingSubprog(t);
  const start = env.subprogs[sub]!.start, end = env.subprogs[sub + 1]!.start;
  const all = new Set<number>();
  for (const map of insnArrays(env)) {
    const items = jumpTargets(map, 0, map.maxEntries - 1);
    if (items.length === 0 || items[0]! < start || items[0]! >= end) continue;
    for (const i of items) all.add(i);
  }
  if (all.size === 0) env.fail("EINVAL", `no jump tables found for subprog starting at ${start}`);
  const out = [...all].sort((a, b) => a - b);
  for (const i of out) if (i < start || i >= end) env.fail("EINVAL", `jump table for insn ${t} points outside of the subprog [${start},${end}]`);
  return out;
}
