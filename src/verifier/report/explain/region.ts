/** The object of an access beyond it, as the line before the message names it. */
import type { Case } from "./case.ts";

export interface Region { what: string; size: number; off: number; access: number }
/** `invalid access to map value, value_size=48 off=48 size=8`. */
export function region(c: Case): Region | null {
  const m = c.line(/^invalid access to (map value|map key|memory|context|packet)[^,]*, (?:(?:value_size|key_size|mem_size|ctx_size)=(\d+) )?off=(-?\d+) size=(\d+)/);
  return m ? { what: m[1]!, size: m[2] === undefined ? -1 : Number(m[2]), off: Number(m[3]), access: Number(m[4]) } : null;
}
