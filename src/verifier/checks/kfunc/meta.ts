/** What a kfunc call is about: its BTF, prototype, flags, and what its arguments turned out to be (kernel struct bpf_kfunc_call_arg_meta). */
import { type Btf, BtfKind, type BtfOf, type BtfParam, type BtfType } from "../../../btf/types.ts";
import type { Insn } from "../../../isa/types.ts";
import type { KfuncEntry } from "../../../kernel/types.ts";
import type { Env } from "../../state/env.ts";
import type { BtfField, VMap } from "../../state/maps.ts";
import type { DynptrType } from "../../state/reg-state.ts";

export interface KfuncMeta {
  readonly btf: Btf;
  readonly vmlinux: boolean;
  readonly id: number;
  readonly name: string;
  /** the name the verifier knows it by: another one where a custom kernel renamed it or gave it another prototype */
  readonly known: string;
  readonly flags: ReadonlySet<string>;
  readonly proto: BtfOf<typeof BtfKind.FUNC_PROTO>;
  /** parameters a program passes; those beyond are the kernel's own (KF_IMPLICIT_ARGS) */
  readonly visibleArgs: number;
  releaseRegno: number;
  refObjId: number;
  refObjCount: number;
  r0Size: number;
  r0Rdonly: boolean;
  argOwningRef: boolean;
  argProg: boolean;
  argConstant: bigint | null;
  argBtf: Btf | null;
  argBtfId: number;
  retBtfId: number;
  subprogno: number;
  listHead: BtfField | null;
  rbRoot: BtfField | null;
  dynptrId: number;
  dynptrType: DynptrType;
  dynptrRefObjId: number;
  iterSpi: number;
  iterFrame: number;
  map: VMap | null;
  mapUid: number;
}

/** A kfunc with KF_IMPLICIT_ARGS has a second FUNC with the full list of parameters, its name ending so. */
const IMPL_SUFFIX = "_impl";

/** BTF a kfunc call refers to by its `off`, or null when the program brought none for it. */
export function kfuncBtf(env: Env, insn: Insn): Btf | null {
  const module = env.prog.kfuncModules[insn.off] ?? null;
  return module === null ? env.kernel.btf : (env.kernel.modules.get(module) ?? null);
}

/** A kernel function as its BTF has it (kernel struct bpf_kfunc_meta). */
export interface Kfunc {
  readonly btf: Btf;
  readonly module: string | null;
  readonly id: number;
  readonly name: string;
  /** the whole list of parameters, the kernel's own included */
  readonly proto: BtfOf<typeof BtfKind.FUNC_PROTO>;
  /** parameters a program passes */
  readonly visibleArgs: number;
  readonly flags: ReadonlySet<string>;
  /** undefined: in no set of functions for programs */
  readonly entry: KfuncEntry | undefined;
}
type Refusal = { ok: false; errno: string; line: string };
type Found = { ok: true; kfunc: Kfunc } | Refusal;
const refuse = (line: string, errno = "EINVAL"): Refusal => ({ ok: false, errno, line });

/** kfuncs that a filter closes to programs on that hook; packs answer by program type (kernel 7.3 bpf_ksock_kfunc_filter). */
const CLOSED_HOOKS: Readonly<Record<string, string>> = { bpf_ksock_send: "bpf_lsm_socket_sendmsg", bpf_ksock_acquire: "bpf_lsm_socket_sendmsg", bpf_ksock_release: "bpf_lsm_socket_sendmsg" };
const closedTo = (env: Env, kfunc: string): boolean => env.progType === "lsm" && CLOSED_HOOKS[kfunc] !== undefined && env.prog.attachBtf?.type(env.prog.attachBtfId)?.name === CLOSED_HOOKS[kfunc];

/** What a call names, whether or not the program may make it (kernel fetch_kfunc_meta). */
export function findKfunc(env: Env, insn: Insn): Found {
  let known = env.passData.get("kfuncs") as Map<string, Found> | undefined;
  if (!known) env.passData.set("kfuncs", (known = new Map()));
  const key = `${insn.off}:${insn.imm}`;
  let found = known.get(key);
  if (!found) known.set(key, (found = lookUpKfunc(env, insn)));
  return found;
}
function lookUpKfunc(env: Env, insn: Insn): Found {
  if (insn.imm <= 0) return refuse(`invalid kernel function btf_id ${insn.imm}`);
  const btf = kfuncBtf(env, insn);
  if (!btf) return refuse("failed to find BTF for kernel function");
  const func = btf.type(insn.imm);
  if (func?.kind !== BtfKind.FUNC) return refuse(`kernel btf_id ${insn.imm} is not a function`);
  const module = env.prog.kfuncModules[insn.off] ?? null;
  const entry = env.kernel.kfuncById(module, insn.imm);
  const flags: ReadonlySet<string> = new Set(entry?.flags);
  const own = btf.type(func.type);
  let proto = own;
  let before = "";
  if (flags.has("KF_IMPLICIT_ARGS")) {
    const impl = btf.find(BtfKind.FUNC, (entry?.origin ?? func.name) + IMPL_SUFFIX);
    const t = impl === undefined ? undefined : btf.type(impl);
    if (!t) before = `cannot find function ${func.name}${IMPL_SUFFIX} in BTF\n`;
    proto = t?.kind === BtfKind.FUNC ? btf.type(t.type) : undefined;
  }
  if (proto?.kind !== BtfKind.FUNC_PROTO || own?.kind !== BtfKind.FUNC_PROTO) return refuse(`${before}kernel function btf_id ${insn.imm} does not have a valid func_proto`);
  return { ok: true, kfunc: { btf, module, id: insn.imm, name: func.name, proto, visibleArgs: own.params.length, flags, entry } };
}

type Fetch = { ok: true; meta: KfuncMeta } | Refusal;

/** Everything about the kfunc a call names (kernel bpf_fetch_kfunc_arg_meta); refuses calls this program type may not make. */
export function fetchKfuncMeta(env: Env, insn: Insn): Fetch {
  const found = findKfunc(env, insn);
  if (!found.ok) return found;
  const { btf, module, id, name, proto, visibleArgs, flags, entry } = found.kfunc;
  if (!entry || !env.kernel.kfuncAllowed(entry, env.prog) || closedTo(env, name)) return refuse(`calling kernel function ${name} is not allowed`, "EACCES");
  return {
    ok: true,
    meta: {
      btf, vmlinux: module === null || entry.origin !== undefined, id, name, known: entry.origin ?? name, flags, proto, visibleArgs,
      releaseRegno: env.f.release_arg_is_r1 && flags.has("KF_RELEASE") ? 1 : 0,
      refObjId: 0, refObjCount: 0, r0Size: 0, r0Rdonly: false, argOwningRef: false, argProg: false, argConstant: null, argBtf: null, argBtfId: 0,
      retBtfId: 0, subprogno: 0, listHead: null, rbRoot: null, dynptrId: 0, dynptrType: "invalid", dynptrRefObjId: 0, iterSpi: 0, iterFrame: 0, map: null, mapUid: 0,
    },
  };
}

/** `data__sz`: the convention that gives a parameter its meaning is the end of its name. */
export const hasSuffix = (p: BtfParam, suffix: string): boolean => p.name.endsWith(suffix);

export const isScalarType = (t: BtfType | undefined): boolean => t?.kind === BtfKind.INT || t?.kind === BtfKind.ENUM || t?.kind === BtfKind.ENUM64;
export const isStructType = (t: BtfType | undefined): t is BtfOf<typeof BtfKind.STRUCT> => t?.kind === BtfKind.STRUCT || t?.kind === BtfKind.UNION;
export const isVoidType = (t: BtfType | undefined): boolean => t?.kind === BtfKind.VOID;

/** What a pointer parameter points to, modifiers skipped, with its id; undefined when it is no pointer. */
export function pointee(btf: Btf, id: number): { id: number; type: BtfType } | undefined {
  const t = btf.resolve(id);
  if (t?.kind !== BtfKind.PTR) return undefined;
  const to = btf.resolve(t.type);
  return to && { id: to.id, type: to };
}
/** Is the parameter a `struct NAME *` of vmlinux? */
export function pointsToStruct(btf: Btf, p: BtfParam, name: string): boolean {
  const t = pointee(btf, p.type)?.type;
  return t?.kind === BtfKind.STRUCT && t.name === name;
}
/** Is the parameter a pointer to a function? */
export const pointsToFunc = (btf: Btf, p: BtfParam): boolean => pointee(btf, p.type)?.type.kind === BtfKind.FUNC_PROTO;

/** Keyword the kernel's messages use for a kind of type (kernel btf_type_str). */
export function btfKindStr(t: BtfType | undefined): string {
  const names: Record<number, string> = {
    0: "UNKNOWN", 1: "INT", 2: "PTR", 3: "ARRAY", 4: "STRUCT", 5: "UNION", 6: "ENUM", 7: "FWD", 8: "TYPEDEF", 9: "VOLATILE", 10: "CONST", 11: "RESTRICT",
    12: "FUNC", 13: "FUNC_PROTO", 14: "VAR", 15: "DATASEC", 16: "FLOAT", 17: "DECL_TAG", 18: "TYPE_TAG", 19: "ENUM64",
  };
  return names[t?.kind ?? 0] ?? "UNKNOWN";
}

/** How this release names argument `i` (from 0) of a kfunc in its messages. */
export const argName = (env: Env, i: number): string => (env.f.kfunc_args_named_by_register ? `R${i + 1}` : `arg#${i}`);

/** A struct of scalars only, to four levels (kernel __btf_type_is_scalar_struct). */
export function isScalarStruct(env: Env, btf: Btf, t: BtfType | undefined, depth = 0): boolean {
  if (!isStructType(t)) return false;
  for (const m of t.members) {
    const mt = btf.resolve(m.type);
    if (isStructType(mt)) {
      if (depth >= 3) {
        env.verbose("max struct nesting depth exceeded\n");
        return false;
      }
      if (!isScalarStruct(env, btf, mt, depth + 1)) return false;
    } else if (mt?.kind === BtfKind.ARRAY) {
      if (mt.nelems === 0 || !isScalarType(btf.resolve(mt.elemType))) return false;
    } else if (!isScalarType(mt)) return false;
  }
  return true;
}
