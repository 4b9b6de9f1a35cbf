/** Linked lists and red-black trees of allocated objects, and non-owning references to their nodes (kernel process_kf_arg_ptr_to_list_head …). */
import { structIdsMatch } from "../btf-match.ts";
import type { Env } from "../../state/env.ts";
import { type BtfField, recordFind } from "../../state/maps.ts";
import { markRegKnown, type RegState } from "../../state/reg-state.ts";
import * as T from "../../state/reg-type.ts";
import { forEachReg, isLockRef } from "../../state/state.ts";
import { regBtfRecord } from "../record.ts";
import { releaseReferenceNoMark } from "../refs.ts";
import { argName, type KfuncMeta } from "./meta.ts";
import { isListApi, isRbtreeApi, takesListNode, takesRbNode } from "./special.ts";

type Head = "list_head" | "rb_root";
type Node = "list_node" | "rb_node";
const FIELD_NAME: Record<Head | Node, string> = { list_head: "bpf_list_head", rb_root: "bpf_rb_root", list_node: "bpf_list_node", rb_node: "bpf_rb_node" };

/** Offset of a pointer into its object, fixed part and constant variable part. */
const constOff = (r: RegState): number => Number(BigInt.asIntN(64, r.varOff.value)) + r.off;

/** The lock that guards an object lies in the same allocation: is that very lock held? Says why not. */
function allocationLocked(env: Env, reg: RegState): boolean {
  const st = env.curState;
  if (reg.type !== T.PTR_TO_MAP_VALUE && reg.type !== (T.PTR_TO_BTF_ID | T.MEM_ALLOC)) env.bug("unknown reg type for lock check");
  const ptr: object | null = reg.type === T.PTR_TO_MAP_VALUE ? reg.map : reg.btf;
  if (!st.activeLocks && !st.activeLockPtr) return false;
  const held = env.f.lock_refs ? st.refs.some((r) => isLockRef(r.type) && r.id === reg.id && r.ptr === ptr) : st.activeLockPtr === ptr && st.activeLockId === reg.id;
  if (!held) env.verbose("held lock and object are not in the same allocation\n");
  return held;
}

export function processGraphRoot(env: Env, meta: KfuncMeta, i: number, head: Head): void {
  const reg = env.reg(i + 1);
  const name = FIELD_NAME[head];
  if (!meta.vmlinux) env.bug("unexpected btf mismatch in kfunc call");
  if (!(head === "list_head" ? isListApi(meta) : isRbtreeApi(meta))) env.fail("EFAULT", `verifier internal error: ${name} head arg for unknown kfunc`);
  if (reg.varOff.mask !== 0n) env.fail("EINVAL", `${regName(env, i)} doesn't have constant offset. ${name} has to be at the constant offset`);
  const record = regBtfRecord(env, reg);
  const off = constOff(reg);
  const field = recordFind(record, off, head);
  if (!field) return env.fail("EINVAL", `${name} not found at offset=${off >>> 0}`);
  if (!allocationLocked(env, reg)) env.fail("EINVAL", `bpf_spin_lock at off=${record?.spinLockOff ?? -1} must be held for ${name}`);
  if (head === "list_head") meta.listHead = field;
  else meta.rbRoot = field;
}

export function processGraphNode(env: Env, meta: KfuncMeta, i: number, node: Node): void {
  const reg = env.reg(i + 1);
  const head: Head = node === "list_node" ? "list_head" : "rb_root";
  const name = FIELD_NAME[node];
  if (!meta.vmlinux) env.bug("unexpected btf mismatch in kfunc call");
  if (!(node === "list_node" ? takesListNode(meta) : takesRbNode(meta))) env.fail("EFAULT", `verifier internal error: ${name} node arg for unknown kfunc`);
  if (reg.varOff.mask !== 0n) env.fail("EINVAL", `${regName(env, i)} doesn't have constant offset. ${name} has to be at the constant offset`);
  const off = constOff(reg);
  if (!recordFind(regBtfRecord(env, reg), off, node)) env.fail("EINVAL", `${name} not found at offset=${off >>> 0}`);
  const root = node === "list_node" ? meta.listHead : meta.rbRoot;
  if (!root?.graph || !reg.btf) return env.bug("graph root argument comes after its node");
  const { btf, valueBtfId, nodeOffset } = root.graph;
  const want = btf.type(valueBtfId)?.name ?? "";
  if (!structIdsMatch(env, reg.btf, reg.btfId, 0, btf, valueBtfId, true))
    env.fail("EINVAL", `operation on ${FIELD_NAME[head]} expects arg#1 ${name} at offset=${nodeOffset} in struct ${want}, but arg is at offset=${off} in struct ${reg.btf.type(reg.btfId)?.name ?? ""}`);
  meta.argBtf = reg.btf;
  meta.argBtfId = reg.btfId;
  if (off !== nodeOffset) env.fail("EINVAL", `arg#1 offset=${off}, but expected ${name} at offset=${nodeOffset} in struct ${want}`);
}
/** These messages name the register in every release. */
const regName = (env: Env, i: number): string => (env.f.kfunc_args_named_by_register ? argName(env, i) : `R${i + 1}`);

/** r0 becomes a pointer to the owner of a graph's node (kernel mark_reg_graph_node). */
export function markGraphNode(env: Env, r0: RegState, field: BtfField): void {
  const { btf, valueBtfId, nodeOffset } = field.graph!;
  markRegKnown(r0, env.f.ptr_fixed_off ? 0n : BigInt(nodeOffset));
  r0.type = T.PTR_TO_BTF_ID | T.MEM_ALLOC;
  r0.btf = btf;
  r0.btfId = valueBtfId;
  if (env.f.ptr_fixed_off) r0.off = nodeOffset;
}

/** An owning reference that a graph took over stays usable under the lock, without owning (kernel ref_set_non_owning). */
export function setNonOwning(env: Env, r: RegState): void {
  if (!env.curState.activeLocks && !env.curState.activeLockPtr) env.bug("ref_set_non_owning w/o active lock");
  r.type |= T.NON_OWN_REF;
  const record = regBtfRecord(env, r);
  if (record && record.refcountOff >= 0) r.type |= T.MEM_RCU;
}
/** Every register that owns the reference stops owning it; the reference is the graph's. */
export function convertOwningToNonOwning(env: Env, id: number): void {
  releaseReferenceNoMark(env, env.curState, id);
  forEachReg(env.curState, (r, mut) => {
    if ((env.f.ref_obj_ids ? r.refObjId : r.id) !== id) return;
    const m = mut();
    if (env.f.ref_obj_ids) m.refObjId = 0;
    else m.id = 0;
    setNonOwning(env, m);
  });
}
