/**
 * Before 6.8 the registers of a call, and the main program's context, are compared with the function's prototype in BTF as
 * they are, argument by argument (kernel btf_check_func_arg_match). Misfits are told even where they do not matter.
 */
import { type Btf, BtfKind, type BtfOf, type BtfType } from "../../btf/types.ts";
import { checkFuncArgRegOff } from "../checks/arg-types.ts";
import { isProgCtxType } from "../checks/ctx-type.ts";
import { checkMemReg } from "../checks/helper-mem.ts";
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import type { FuncState } from "../state/frame.ts";
import * as T from "../state/reg-type.ts";
import { isScalarType, kindName } from "./func-args.ts";

const MAX_ARGS = 5;

/** @param call false: the main program's own arguments */
export function matchArgsOld(env: Env, subprog: number, frame: FuncState, call: boolean): void {
  const { btf } = env;
  const info = env.subprogs[subprog]!;
  const func = btf?.type(info.btfId);
  if (!btf || func?.kind !== BtfKind.FUNC) return env.failSilently("EFAULT");
  const proto = btf.type(func.type);
  if (proto?.kind !== BtfKind.FUNC_PROTO) return env.fail("EFAULT", `Invalid BTF of func ${func.name}`);
  if (proto.params.length > MAX_ARGS) env.fail("EINVAL", `Function ${func.name} has ${proto.params.length} > ${MAX_ARGS} args`);
  const one = env.f.global_func_mem_args ? matchArg : matchArgScalarOrCtx;
  proto.params.forEach((p, i) => one(env, btf, p.type, i, frame, { func, global: info.linkage === 1, call }));
}

interface Callee { func: BtfOf<typeof BtfKind.FUNC>; global: boolean; call: boolean }

function needScalar(env: Env, reg: RegState, regno: number): void {
  if (reg.type !== T.SCALAR_VALUE) env.fail("EINVAL", `R${regno} is not a scalar`);
}
const unrecognized = (env: Env, i: number, t: BtfType | undefined): never => env.fail("EINVAL", `Unrecognized arg#${i} type ${kindName(t)}`);
function notCtx(env: Env, i: number, t: BtfType): never {
  return env.fail("EINVAL", `arg#${i} expected pointer to ctx, but got ${kindName(t)}`);
}

/** 5.12 to 6.7 */
function matchArg(env: Env, btf: Btf, type: number, i: number, frame: FuncState, callee: Callee): void {
  const regno = i + 1;
  const reg = frame.regs[regno]!;
  const t = btf.resolve(type);
  if (isScalarType(t)) return needScalar(env, reg, regno);
  if (t?.kind !== BtfKind.PTR) return unrecognized(env, i, t);
  checkFuncArgRegOff(env, reg, regno, null);
  if (isProgCtxType(env, btf, type, i)) {
    if (reg.type !== T.PTR_TO_CTX) notCtx(env, i, t);
    return;
  }
  if (!callee.global || !callee.call) env.fail("EINVAL", `reg type unsupported for arg#${i} function ${callee.func.name}#${callee.func.id}`);
  const target = btf.resolve(t.type);
  const size = target && target.kind !== BtfKind.VOID ? btf.sizeOf(t.type) : undefined;
  if (size === undefined) return env.fail("EINVAL", `arg#${i} reference type('${kindName(target)} ${target?.name ?? ""}') size cannot be determined: -22`);
  checkMemReg(env, regno, reg, () => frame.mut(regno), size);
}

/** Before 5.12: scalars and contexts only. */
function matchArgScalarOrCtx(env: Env, btf: Btf, type: number, i: number, frame: FuncState): void {
  const regno = i + 1;
  const reg = frame.regs[regno]!;
  const t = btf.resolve(type);
  if (isScalarType(t)) return needScalar(env, reg, regno);
  if (t?.kind !== BtfKind.PTR) return unrecognized(env, i, t);
  if (reg.type === T.SCALAR_VALUE) env.fail("EINVAL", `R${regno} is not a pointer`);
  if (env.log.verbose && btf.resolve(t.type)?.kind !== BtfKind.STRUCT) env.verbose(`arg#${i} type is not a struct\n`);
  if (!isProgCtxType(env, btf, type, i)) return unrecognized(env, i, t);
  if (reg.type !== T.PTR_TO_CTX) notCtx(env, i, t);
  checkFuncArgRegOff(env, reg, regno, null);
}
