/** Which struct a program type's context is, for the program and inside the kernel (kernel bpf_ctx_convert, btf_is_prog_ctx_type). */
import { type Btf, BtfKind } from "../../btf/types.ts";
import type { Env } from "../state/env.ts";
import { isProjectionOf } from "./btf-match.ts";

/** The kernel keeps the pairs as members of one struct, two for each program type, named NAME_prog and NAME_kern (include/linux/bpf_types.h). */
const MEMBER: Readonly<Record<string, string>> = {
  socket_filter: "BPF_PROG_TYPE_SOCKET_FILTER", sched_cls: "BPF_PROG_TYPE_SCHED_CLS", sched_act: "BPF_PROG_TYPE_SCHED_ACT",
};
interface CtxPair { prog: number; kern: number }
const cache = new WeakMap<Btf, Map<string, CtxPair>>();

function pairs(btf: Btf): Map<string, CtxPair> {
  let found = cache.get(btf);
  if (found) return found;
  found = new Map();
  const id = btf.find(BtfKind.STRUCT, "bpf_ctx_convert");
  const t = id === undefined ? undefined : btf.type(id);
  if (t?.kind === BtfKind.STRUCT) {
    for (const m of t.members) {
      const name = /^(BPF_PROG_TYPE_\w+)_(prog|kern)$/.exec(m.name);
      if (!name) continue;
      const pair = found.get(name[1]!) ?? { prog: 0, kern: 0 };
      pair[name[2] === "prog" ? "prog" : "kern"] = m.type;
      found.set(name[1]!, pair);
    }
  }
  cache.set(btf, found);
  return found;
}
function ctxPair(env: Env): CtxPair | undefined {
  const { btf } = env.kernel;
  return btf ? pairs(btf).get(MEMBER[env.progType] ?? `BPF_PROG_TYPE_${env.progType.toUpperCase()}`) : undefined;
}

/** The context's struct of a program type that a custom kernel brought. */
const labCtxName = (env: Env): string | undefined => env.kernel.policy?.programTypes.get(env.progType)?.struct;

/** Name of the context struct as programs see it, or "" when the type has none of its own. */
export function progCtxName(env: Env): string {
  const own = labCtxName(env);
  if (own !== undefined) return own;
  const pair = ctxPair(env);
  return (pair && env.kernel.btf?.type(pair.prog)?.name) ?? "";
}

/** Is a parameter (a pointer type of `btf`) this program type's context? */
export function isProgCtxType(env: Env, btf: Btf, paramType: number, _arg: number): boolean {
  const ptr = btf.resolve(paramType);
  if (ptr?.kind !== BtfKind.PTR) return false;
  let id = ptr.type;
  if (env.progType === "kprobe") {
    for (let i = 0; i < 32; i++) {
      const t = btf.type(id);
      if (t?.kind === BtfKind.TYPEDEF && t.name === "bpf_user_pt_regs_t") return true;
      if (t?.kind !== BtfKind.CONST && t?.kind !== BtfKind.VOLATILE && t?.kind !== BtfKind.RESTRICT && t?.kind !== BtfKind.TYPE_TAG) break;
      id = t.type;
    }
  }
  const t = btf.resolve(id);
  if (t?.kind !== BtfKind.STRUCT || t.name === "") return false;
  if (t.name === labCtxName(env)) return true;
  const pair = ctxPair(env);
  const kernel = env.kernel.btf;
  if (!pair || !kernel) return false;
  for (let ctx = kernel.type(pair.prog), i = 0; ctx && i < 32; i++) {
    if (ctx.name === "") return false;
    if (ctx.name === t.name || isProjectionOf(ctx.name, t.name)) return true;
    if (ctx.kind !== BtfKind.TYPEDEF) return false;
    ctx = kernel.resolve(ctx.type);
  }
  return false;
}

/** BTF id of the kernel's own context struct, for bpf_cast_to_kern_ctx. */
export function kernCtxStruct(env: Env): number {
  const pair = ctxPair(env);
  const t = pair && env.kernel.btf?.type(pair.kern);
  if (!pair) return env.failSilently("EINVAL");
  if (t?.kind !== BtfKind.STRUCT) env.fail("EINVAL", `kern ctx type id ${pair.kern} is not a struct`);
  return pair.kern;
}
