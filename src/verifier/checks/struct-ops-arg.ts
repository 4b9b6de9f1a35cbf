/**
 * Arguments of struct_ops members that their stub functions mark: `NAME__nullable` may be null, `NAME__ref` comes with a
 * reference to release (kernel prepare_arg_info, from 6.9). The stub of member `m` of `struct ops` is the function `ops__m`.
 */
import { type Btf, BtfKind } from "../../btf/types.ts";
import type { Env } from "../state/env.ts";
import { PTR_MAYBE_NULL, PTR_TO_BTF_ID, PTR_TRUSTED } from "../state/reg-type.ts";
import { type AttachProto, attachProto } from "./attach-proto.ts";
import type { CtxInfo } from "./mem-ctx.ts";
import { acquireReference } from "./refs.ts";

const REFS = "struct_ops_refs";
interface Marked { nullable: boolean; ref: boolean }

function stubParam(env: Env, btf: Btf, member: string, arg: number): Marked | undefined {
  const ops = btf.type(env.prog.attachBtfId);
  if (!env.f.struct_ops_stub_args || ops?.kind !== BtfKind.STRUCT) return undefined;
  const stubId = btf.find(BtfKind.FUNC, `${ops.name}__${member}`);
  const stub = stubId === undefined ? undefined : btf.type(stubId);
  const proto = stub?.kind === BtfKind.FUNC ? btf.type(stub.type) : undefined;
  const param = proto?.kind === BtfKind.FUNC_PROTO ? proto.params[arg] : undefined;
  const nullable = param?.name.endsWith("__nullable") ?? false, ref = param?.name.endsWith("__ref") ?? false;
  return nullable || ref ? { nullable, ref } : undefined;
}
/** The member's arguments that come with a reference. */
function refArgs(env: Env): number[] {
  const target = attachProto(env);
  return target?.proto?.params.flatMap((_, arg) => (stubParam(env, target.btf, target.name, arg)?.ref ? [arg] : [])) ?? [];
}
export const hasRefArgs = (env: Env): boolean => refArgs(env).length > 0;

/** Acquires the references that arguments marked as refcounted carry (kernel do_check_common). */
export function setupStructOpsArgs(env: Env): void {
  env.passData.set(REFS, new Map(refArgs(env).map((arg) => [arg, acquireReference(env, 0)])));
}

export function structOpsArg(env: Env, target: AttachProto, arg: number): CtxInfo | undefined {
  const { btf } = target;
  if (env.prog.structOpsMember?.typeName === "Qdisc_ops" && target.name === "enqueue" && arg === 2) {
    // the list of packets to drop has a type of its own (kernel bpf_qdisc_is_valid_access)
    const id = btf.find(BtfKind.STRUCT, "bpf_sk_buff_ptr");
    if (id !== undefined) return { regType: PTR_TO_BTF_ID | PTR_TRUSTED, btf, btfId: id, refId: 0, retval: false };
  }
  const marked = stubParam(env, btf, target.name, arg);
  const param = target.proto?.params[arg];
  const ptr = marked && param && btf.resolve(param.type);
  const to = ptr?.kind === BtfKind.PTR ? btf.resolve(ptr.type) : undefined;
  if (!marked || !to) return undefined;
  const refId = (env.passData.get(REFS) as ReadonlyMap<number, number> | undefined)?.get(arg) ?? 0;
  return { regType: PTR_TO_BTF_ID | PTR_TRUSTED | (marked.nullable ? PTR_MAYBE_NULL : 0), btf, btfId: to.id, refId, retval: false };
}
