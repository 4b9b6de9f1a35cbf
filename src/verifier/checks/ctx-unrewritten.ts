/**
 * Context loads that an old verifier lets pass and then cannot rewrite: upper halves of pointers, and what lies between
 * or behind the fields (kernel 5.10 convert_ctx_accesses). It says so once the whole program is checked.
 */
import { BtfKind } from "../../btf/types.ts";
import type { Env } from "../state/env.ts";
import { progCtxName } from "./ctx-type.ts";

const KEY = "ctx-unrewritten";
const WORD = 4;

/** Bytes of the context struct where a word can be rewritten; undefined where the struct is not known. */
function fieldStarts(env: Env): ReadonlySet<number> | undefined {
  const known = env.passData.get(KEY) as ReadonlySet<number> | undefined;
  if (known) return known;
  const btf = env.kernel.btf;
  const t = btf?.type(btf.find(BtfKind.STRUCT, progCtxName(env)) ?? 0);
  if (!btf || t?.kind !== BtfKind.STRUCT) return undefined;
  const starts = new Set<number>();
  for (const m of t.members) {
    const off = m.bitOffset / 8;
    // a pointer stands in a union with 64 bits of padding: only its start is a field
    const field = btf.resolve(m.type);
    const pointer = field?.kind === BtfKind.UNION && field.members.some((u) => btf.resolve(u.type)?.kind === BtfKind.PTR);
    const size = pointer ? WORD : (btf.sizeOf(m.type) ?? WORD);
    for (let at = off; at < off + size; at += WORD) starts.add(at);
  }
  env.passData.set(KEY, starts);
  return starts;
}

/** A load that was allowed, of a scalar: can it be rewritten? */
export function noteCtxLoad(env: Env, off: number): void {
  if (env.f.ctx_halves_closed) return;
  const starts = fieldStarts(env);
  if (starts && !starts.has(off - (off % WORD))) env.curAux.ctxUnrewritten = true;
}
/** The end of the verification: such a load is left. */
export function checkCtxLoadsRewritten(env: Env): void {
  if (env.aux.some((a) => a.ctxUnrewritten && a.seen)) env.fail("EINVAL", "bpf verifier is misconfigured");
}
