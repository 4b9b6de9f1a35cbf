/** Prototype of what a BTF-attached program attaches to (the findings of kernel bpf_check_attach_target). */
import { type Btf, BtfKind, type BtfOf } from "../../btf/types.ts";
import { attachInfo } from "../passes/attach.ts";
import type { Env } from "../state/env.ts";

export interface AttachProto {
  btf: Btf;
  /** null: a target without BTF prototype, any five 64-bit arguments */
  proto: BtfOf<typeof BtfKind.FUNC_PROTO> | null;
  /** as the log names the target */
  name: string;
  /** leading parameters that are not the program's (a tracepoint's void *__data) */
  skip: number;
}

const protoOf = (btf: Btf, id: number): AttachProto["proto"] => {
  const t = btf.resolve(id);
  return t?.kind === BtfKind.FUNC_PROTO ? t : null;
};

/** Undefined when the target is not in the BTF. */
export function attachProto(env: Env): AttachProto | undefined {
  const { prog } = env;
  const info = attachInfo(env);
  if (!prog.attachBtfId && info) return { btf: info.btf, proto: info.proto, name: info.name, skip: 0 };
  const btf = prog.attachBtf;
  if (!btf) return undefined;
  if (prog.type === "struct_ops") {
    const ops = btf.type(prog.attachBtfId);
    const member = ops?.kind === BtfKind.STRUCT && prog.structOpsMember ? ops.members[prog.structOpsMember.memberIndex] : undefined;
    const ptr = member && btf.resolve(member.type);
    if (!member || ptr?.kind !== BtfKind.PTR) return undefined;
    return { btf, proto: protoOf(btf, ptr.type), name: member.name, skip: 0 };
  }
  const t = btf.type(prog.attachBtfId);
  if (t?.kind === BtfKind.TYPEDEF) {
    const ptr = btf.resolve(t.type);
    if (ptr?.kind !== BtfKind.PTR) return undefined;
    return { btf, proto: protoOf(btf, ptr.type), name: t.name.replace(/^btf_trace_/, ""), skip: 1 };
  }
  if (t?.kind !== BtfKind.FUNC) return undefined;
  return { btf, proto: protoOf(btf, t.type), name: t.name, skip: 0 };
}
