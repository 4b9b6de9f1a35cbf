/** Questions about single instructions that several passes ask. */
import {
  BPF_ATOMIC, BPF_CALL, BPF_EXIT, BPF_FETCH, BPF_JA, BPF_JCOND, BPF_JMP, BPF_JMP32, BPF_LOAD_ACQ, BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC,
  BPF_PSEUDO_KFUNC_CALL, BPF_STX, BPF_X, bpfClass, bpfMode, bpfOp, OP_CALL, OP_LD_IMM64,
} from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import type { Env } from "../state/env.ts";

export const isHelperCall = (i: Insn): boolean => i.code === OP_CALL && i.src === 0;
export const isPseudoCall = (i: Insn): boolean => i.code === OP_CALL && i.src === BPF_PSEUDO_CALL;
export const isKfuncCall = (i: Insn): boolean => i.code === OP_CALL && i.src === BPF_PSEUDO_KFUNC_CALL;
export const isPseudoFunc = (i: Insn): boolean => i.code === OP_LD_IMM64 && i.src === BPF_PSEUDO_FUNC;
export const isLdImm64 = (i: Insn): boolean => i.code === OP_LD_IMM64;
export const isMayGoto = (i: Insn): boolean => i.code === (BPF_JMP | BPF_JCOND);
export const isGotox = (i: Insn): boolean => i.code === (BPF_JMP | BPF_JA | BPF_X);
export const isAtomicLoad = (i: Insn): boolean => bpfClass(i.code) === BPF_STX && bpfMode(i.code) === BPF_ATOMIC && i.imm === BPF_LOAD_ACQ;
export const isAtomicFetch = (i: Insn): boolean => bpfClass(i.code) === BPF_STX && bpfMode(i.code) === BPF_ATOMIC && (i.imm & BPF_FETCH) !== 0;

/** Offset of a jump (not a call): imm for the 32-bit class's ja. */
export function jmpOffset(i: Insn): number {
  return i.code === (BPF_JMP32 | BPF_JA) ? i.imm : i.off;
}
/** Instructions that can follow directly within the subprogram (kernel bpf_insn_successors). */
export function successors(env: Env, idx: number): number[] {
  const insn = env.insns[idx]!;
  const jt = env.aux[idx]!.jt;
  if (jt) return jt;
  const cls = bpfClass(insn.code);
  const size = isLdImm64(insn) ? 2 : 1;
  if (cls !== BPF_JMP && cls !== BPF_JMP32) return [idx + size];
  const op = bpfOp(insn.code);
  if (op === BPF_EXIT) return [];
  if (op === BPF_CALL) return [idx + 1];
  const target = idx + jmpOffset(insn) + 1;
  if (op === BPF_JA) return [target];
  return [idx + 1, target];
}

/** Helpers that call back while they run; the callback's subprogram returns to the call. */
const SYNC_CALLBACK = new Set(["bpf_for_each_map_elem", "bpf_find_vma", "bpf_loop", "bpf_user_ringbuf_drain"]);
export function helperName(env: Env, insn: Insn): string {
  return env.kernel.helper(insn.imm)?.name ?? "unknown";
}
/** The name the verifier knows a kfunc by, which a custom kernel's other name for it does not change. */
export function kfuncCallName(env: Env, insn: Insn): string {
  const origin = env.kernel.kfuncById(env.prog.kfuncModules[insn.off] ?? null, insn.imm)?.origin;
  if (origin !== undefined) return origin;
  return insn.off === 0 || env.prog.kfuncModules[insn.off] !== undefined ? (env.kfuncName(insn) ?? "") : "";
}
export function isSyncCallbackCalling(env: Env, insn: Insn): boolean {
  return (isHelperCall(insn) && SYNC_CALLBACK.has(helperName(env, insn))) || (isKfuncCall(insn) && isSyncCallbackKfunc(kfuncCallName(env, insn)));
}
export const isSyncCallbackKfunc = (name: string): boolean => name === "bpf_rbtree_add" || name === "bpf_rbtree_add_impl";
export const isAsyncCallbackKfunc = (name: string): boolean =>
  name === "bpf_wq_set_callback" || name === "bpf_wq_set_callback_impl" || name.startsWith("bpf_task_work_schedule_");
export function isAsyncCallbackCalling(env: Env, insn: Insn): boolean {
  return (isHelperCall(insn) && helperName(env, insn) === "bpf_timer_set_callback") || (isKfuncCall(insn) && isAsyncCallbackKfunc(kfuncCallName(env, insn)));
}
export function isThrowKfunc(env: Env, insn: Insn): boolean {
  return isKfuncCall(insn) && kfuncCallName(env, insn) === "bpf_throw";
}
const PKT_CHANGING = new Set([
  "bpf_clone_redirect", "bpf_l3_csum_replace", "bpf_l4_csum_replace", "bpf_lwt_push_encap", "bpf_lwt_seg6_action", "bpf_lwt_seg6_adjust_srh",
  "bpf_lwt_seg6_store_bytes", "bpf_msg_pop_data", "bpf_msg_pull_data", "bpf_msg_push_data", "bpf_skb_adjust_room", "bpf_skb_change_head",
  "bpf_skb_change_proto", "bpf_skb_change_tail", "bpf_skb_pull_data", "bpf_skb_store_bytes", "bpf_skb_vlan_pop", "bpf_skb_vlan_push",
  "bpf_store_hdr_opt", "bpf_xdp_adjust_head", "bpf_xdp_adjust_meta", "bpf_xdp_adjust_tail",
]);
/** Helpers after which packet pointers no longer hold (kernel bpf_helper_changes_pkt_data). */
export function helperChangesPktData(env: Env, insn: Insn): boolean {
  const name = helperName(env, insn);
  return PKT_CHANGING.has(name) || (name === "bpf_tail_call" && env.f.tail_call_changes_pkt);
}
