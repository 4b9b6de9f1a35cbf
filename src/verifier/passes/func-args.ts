/** Argument types out of a function's BTF prototype and its tags (kernel btf_prepare_func_args). */
import { essentialName } from "../../btf/core-names.ts";
import { type Btf, BtfKind, type BtfOf, type BtfType } from "../../btf/types.ts";
import { isProgCtxType } from "../checks/ctx-type.ts";
import type { SubprogArg } from "../state/aux-data.ts";
import type { Env } from "../state/env.ts";
import * as T from "../state/reg-type.ts";

const arg = (kind: SubprogArg["kind"], flags = 0, memSize = 0, btfId = 0): SubprogArg => ({ kind, flags, memSize, btfId });
const KIND_UPPER: readonly string[] = [
  "UNKNOWN", "INT", "PTR", "ARRAY", "STRUCT", "UNION", "ENUM", "FWD", "TYPEDEF", "VOLATILE", "CONST", "RESTRICT", "FUNC", "FUNC_PROTO", "VAR", "DATASEC",
  "FLOAT", "DECL_TAG", "TYPE_TAG", "ENUM64",
];
export const isScalarType = (t: BtfType | undefined): boolean => t?.kind === BtfKind.INT || t?.kind === BtfKind.ENUM || t?.kind === BtfKind.ENUM64;
const TAGS: ReadonlySet<string> = new Set(["ctx", "trusted", "untrusted", "nonnull", "nullable", "arena"]);

/** Does the pointer's target carry the type tag? */
function hasTypeTag(btf: Btf, ptr: BtfOf<typeof BtfKind.PTR>, tag: string): boolean {
  let t = btf.type(ptr.type);
  while (t && (t.kind === BtfKind.CONST || t.kind === BtfKind.VOLATILE || t.kind === BtfKind.RESTRICT || t.kind === BtfKind.TYPEDEF || t.kind === BtfKind.TYPE_TAG)) {
    if (t.kind === BtfKind.TYPE_TAG && !t.kindFlag && t.name === tag) return true;
    t = btf.type(t.type);
  }
  return false;
}
/** `INT`, `PTR`, … as messages have it (kernel btf_type_str). */
export const kindName = (t: BtfType | undefined): string => KIND_UPPER[t?.kind ?? 0] ?? "UNKNOWN";
const asPtr = (t: BtfType | undefined): BtfOf<typeof BtfKind.PTR> | undefined => (t?.kind === BtfKind.PTR ? (t as BtfOf<typeof BtfKind.PTR>) : undefined);

/** The kernel's type of that name and kind (kernel btf_get_ptr_to_btf_id). */
function kernelType(env: Env, i: number, t: BtfType): number {
  const btf = env.kernel.btf;
  const name = essentialName(t.name);
  const text = `arg#${i} reference type('${kindName(t)} ${t.name}')`;
  const ids = btf ? btf.named(name).filter((id) => btf.type(id)?.kind === t.kind) : [];
  if (ids.length === 0) env.fail("ENOENT", `${text} has no matches`);
  if (ids.length > 1) env.fail("ESRCH", `${text} is ambiguous`);
  return ids[0]!;
}

export function prepareArgs(env: Env, subprog: number): SubprogArg[] {
  const { btf, f } = env;
  const info = env.subprogs[subprog]!;
  const func = btf?.type(info.btfId);
  if (!btf || func?.kind !== BtfKind.FUNC) return env.failSilently("EFAULT");
  const global = info.linkage === 1;
  const { name } = func;
  const proto = btf.type(func.type);
  if (proto?.kind !== BtfKind.FUNC_PROTO) return env.fail("EFAULT", `Invalid type of function ${name}()`);
  const n = proto.params.length;
  info.argCnt = n;
  if (f.stack_args) {
    if (n > 12) env.fail("EFAULT", `kernel supports at most 12 parameters, function ${name} has ${n}`);
    if (n > 5) info.stackArgCnt = n - 5;
    if (global && n > 5) env.fail("EINVAL", `global function ${name} has ${n} > 5 args, stack args not supported`);
  } else if (n > 5) {
    if (!global) env.failSilently("EINVAL");
    env.fail("EINVAL", `Global function ${name}() with ${n} > 5 args. Buggy compiler.`);
  }
  if (!returnOk(env, btf, proto.ret, subprog)) {
    if (!global) env.failSilently("EOPNOTSUPP");
    env.fail(f.global_func_void ? "EOPNOTSUPP" : "EINVAL", f.global_func_void
      ? `Global function ${name}() return value not void or scalar. Only those are supported.`
      : `Global function ${name}() doesn't return scalar. Only those are supported.`);
  }
  return proto.params.map((p, i) => oneArg(env, btf, info.btfId, p.type, i, global, name));
}
function returnOk(env: Env, btf: Btf, id: number, subprog: number): boolean {
  if (id === 0) return env.f.global_func_void;
  const t = btf.resolve(id);
  if (isScalarType(t)) return true;
  const ptr = asPtr(t);
  return env.f.global_func_arena_ret && subprog !== 0 && ptr !== undefined && hasTypeTag(btf, ptr, "arena");
}

function oneArg(env: Env, btf: Btf, funcId: number, type: number, i: number, global: boolean, name: string): SubprogArg {
  const { f } = env;
  const tags = new Set<string>();
  if (f.arg_tags) {
    for (const raw of btf.declTags(funcId, i)) {
      if (!raw.startsWith("arg:")) continue;
      if (!global) env.fail("EOPNOTSUPP", `arg#${i} type tag is not supported in static functions`);
      const tag = raw.slice(4);
      if (!TAGS.has(tag) || (tag === "untrusted" && !f.arg_untrusted) || (tag === "arena" && !f.arena) || ((tag === "trusted" || tag === "nullable") && !f.arg_trusted))
        env.fail("EOPNOTSUPP", `arg#${i} has unsupported set of tags`);
      tags.add(tag);
    }
  }
  const t = btf.resolve(type);
  const ptr = asPtr(t);
  if (ptr && f.stack_args && hasTypeTag(btf, ptr, "arena")) tags.add("arena");
  const others = (...own: string[]): boolean => [...tags].some((x) => !own.includes(x));
  if (!ptr) {
    if (tags.size > 0) env.fail("EINVAL", `arg#${i} has pointer tag, but is not a pointer type`);
    if (isScalarType(t)) return arg("anything");
    if (!global) env.failSilently("EINVAL");
    return env.fail("EINVAL", `Arg#${i} type ${kindName(t)} in ${name}() is not supported yet.`);
  }
  const bad = (): never => env.fail("EINVAL", `arg#${i} has invalid combination of tags`);
  if (tags.has("ctx") || isProgCtxType(env, btf, type, i)) {
    if (others("ctx")) bad();
    return arg("ctx");
  }
  if (!f.global_func_mem_args) return env.fail("EINVAL", `Arg#${i} type PTR in ${name}() is not supported yet.`);
  const target = btf.resolve(ptr.type);
  if (f.global_dynptr_args && target?.kind === BtfKind.STRUCT && (target.name === "bpf_dynptr" || target.name === "bpf_dynptr_kern")) {
    if (tags.size > 0) bad();
    return arg("dynptr");
  }
  if (tags.has("trusted")) {
    if (tags.has("nonnull")) bad();
    return arg("btf_id", T.PTR_TRUSTED | (tags.has("nullable") ? T.PTR_MAYBE_NULL : 0), 0, kernelType(env, i, target ?? ptr));
  }
  if (tags.has("untrusted")) {
    if (others("untrusted")) env.fail("EINVAL", `arg#${i} untrusted cannot be combined with any other tags`);
    if (ptr.type === 0 || target === undefined || target.kind === BtfKind.VOID || isScalarType(target)) return arg("mem", T.MEM_RDONLY | T.PTR_UNTRUSTED, 0);
    const id = kernelType(env, i, target);
    const k = env.kernel.btf!.type(id)!;
    if (k.kind !== BtfKind.STRUCT && k.kind !== BtfKind.UNION)
      env.fail("EINVAL", `arg#${i} has type ${kindName(k)} '${k.name}', but only struct or primitive types are allowed`);
    return arg("btf_id", T.PTR_UNTRUSTED, 0, id);
  }
  if (tags.has("arena")) {
    if (others("arena")) env.fail("EINVAL", `arg#${i} arena cannot be combined with any other tags`);
    return arg("arena");
  }
  if (!global) return env.failSilently("EINVAL");
  if (tags.has("nullable")) bad();
  const size = ptr.type === 0 || target === undefined || target.kind === BtfKind.VOID ? undefined : btf.sizeOf(ptr.type);
  if (size === undefined || target === undefined)
    return env.fail("EINVAL", `arg#${i} reference type('${kindName(target)} ${target?.name ?? ""}') size cannot be determined: -22`);
  return arg("mem", tags.has("nonnull") ? 0 : T.PTR_MAYBE_NULL, size);
}
