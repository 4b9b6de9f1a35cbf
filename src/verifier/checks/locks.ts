/** Spin locks and what is forbidden under them (kernel process_spin_lock and the check before a call). */
import type { Insn } from "../../isa/types.ts";
import { helperName, isHelperCall, isKfuncCall, kfuncCallName } from "../passes/insn-info.ts";
import type { Env } from "../state/env.ts";

const KFUNC_OK = new Set([
  "bpf_list_push_front_impl", "bpf_list_push_back_impl", "bpf_list_push_front", "bpf_list_push_back", "bpf_list_pop_front", "bpf_list_pop_back", "bpf_list_front", "bpf_list_back",
  "bpf_rbtree_remove", "bpf_rbtree_add_impl", "bpf_rbtree_add", "bpf_rbtree_first", "bpf_rbtree_root", "bpf_rbtree_left", "bpf_rbtree_right",
  "bpf_iter_num_new", "bpf_iter_num_next", "bpf_iter_num_destroy", "bpf_obj_drop_impl", "bpf_obj_drop", "bpf_refcount_acquire_impl", "bpf_refcount_acquire",
  "bpf_arena_alloc_pages", "bpf_arena_free_pages", "bpf_arena_reserve_pages", "bpf_res_spin_lock", "bpf_res_spin_unlock", "bpf_res_spin_lock_irqsave", "bpf_res_spin_unlock_irqrestore",
]);
export function checkCallAllowedUnderLock(env: Env, insn: Insn): void {
  if (!env.curState.activeLocks) return;
  if (isHelperCall(insn)) {
    const name = helperName(env, insn);
    if (name === "bpf_spin_unlock" || name === "bpf_kptr_xchg") return;
  } else if (isKfuncCall(insn)) {
    const name = kfuncCallName(env, insn);
    if (insn.off === 0 && KFUNC_OK.has(name) && (env.f.arena_calls_under_lock || !name.startsWith("bpf_arena_"))) return;
  } else if (env.f.static_calls_under_lock) return;
  env.fail("EINVAL", "function calls are not allowed while holding a lock");
}
