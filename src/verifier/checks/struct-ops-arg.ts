/**
 * Arguments of struct_ops members that their stub functions mark: `NAME__nullable` may be null, `NAME__ref` comes with a
 * reference to release (kernel prepare_arg_info, from 6.9). The stub of member `m` of `struct ops` is the function `ops__m`.
 */
import { BtfKind } from "../../btf/types.ts";
import type { Env } from "../state/env.ts";
import { PTR_MAYBE_NULL, PTR_TO_BTF_ID, PTR_TRUSTED } from "../state/reg-type.ts";
import type { AttachProto } from "./attach-proto.ts";
import type { CtxInfo } from "./mem-ctx.ts";

export function structOpsArg(env: Env, target: AttachProto, arg: number, _off: number): CtxInfo | undefined {
  const { btf } = target;
  const ops = btf.type(env.prog.attachBtfId);
  if (!env.f.struct_ops_stub_args || ops?.kind !== BtfKind.STRUCT) return undefined;
  const stubId = btf.find(BtfKind.FUNC, `${ops.name}__${target.name}`);
  const stub = stubId === undefined ? undefined : btf.type(stubId);
  const proto = stub?.kind === BtfKind.FUNC ? btf.type(stub.type) : undefined;
  const param = proto?.kind === BtfKind.FUNC_PROTO ? proto.params[arg] : undefined;
  if (!param) return undefined;
  const nullable = param.name.endsWith("__nullable"), ref = param.name.endsWith("__ref");
  if (!nullable && !ref) return undefined;
  const ptr = btf.resolve(param.type);
  const to = ptr?.kind === BtfKind.PTR ? btf.resolve(ptr.type) : undefined;
  if (!to) return undefined;
  if (ref) return env.unsupported(`referenced arguments of struct_ops programs (${target.name}) are not simulated`);
  return { regType: PTR_TO_BTF_ID | PTR_TRUSTED | PTR_MAYBE_NULL, btf, btfId: to.id, refId: 0, retval: false };
}
