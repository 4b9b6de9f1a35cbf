/** kfuncs the verifier knows by name; only those of vmlinux count (kernel special_kfunc_list). `_impl` is the older name of the same thing. */
import type { KfuncMeta } from "./meta.ts";

const set = (...names: string[]): ReadonlySet<string> => new Set(names);
const OBJ_NEW = set("bpf_obj_new", "bpf_obj_new_impl");
const PERCPU_OBJ_NEW = set("bpf_percpu_obj_new", "bpf_percpu_obj_new_impl");
const OBJ_DROP = set("bpf_obj_drop", "bpf_obj_drop_impl");
const PERCPU_OBJ_DROP = set("bpf_percpu_obj_drop", "bpf_percpu_obj_drop_impl");
const REFCOUNT_ACQUIRE = set("bpf_refcount_acquire", "bpf_refcount_acquire_impl");
const LIST_PUSH = set("bpf_list_push_front", "bpf_list_push_front_impl", "bpf_list_push_back", "bpf_list_push_back_impl", "bpf_list_add");
const RBTREE_ADD = set("bpf_rbtree_add", "bpf_rbtree_add_impl");
const LIST = set(...LIST_PUSH, "bpf_list_pop_front", "bpf_list_pop_back", "bpf_list_del", "bpf_list_front", "bpf_list_back", "bpf_list_is_first", "bpf_list_is_last", "bpf_list_empty");
const RBTREE = set(...RBTREE_ADD, "bpf_rbtree_remove", "bpf_rbtree_first", "bpf_rbtree_root", "bpf_rbtree_left", "bpf_rbtree_right");
const LIST_NODE_ARG = set(...LIST_PUSH, "bpf_list_del", "bpf_list_is_first", "bpf_list_is_last");
const RB_NODE_ARG = set(...RBTREE_ADD, "bpf_rbtree_remove", "bpf_rbtree_left", "bpf_rbtree_right");
const RES_SPIN = set("bpf_res_spin_lock", "bpf_res_spin_unlock", "bpf_res_spin_lock_irqsave", "bpf_res_spin_unlock_irqrestore");
const TASK_WORK = set("bpf_task_work_schedule_signal", "bpf_task_work_schedule_resume", "bpf_task_work_schedule_signal_impl", "bpf_task_work_schedule_resume_impl");
const WQ_CALLBACK = set("bpf_wq_set_callback", "bpf_wq_set_callback_impl");
const ITER_NUM = set("bpf_iter_num_new", "bpf_iter_num_next", "bpf_iter_num_destroy");
const ARENA = set("bpf_arena_alloc_pages", "bpf_arena_free_pages", "bpf_arena_reserve_pages");
const STREAM = set("bpf_stream_vprintk", "bpf_stream_vprintk_impl", "bpf_stream_print_stack");

/** `known`: the name the verifier knows it by, where a custom kernel gave it another. */
type Known = Pick<KfuncMeta, "vmlinux" | "name"> & { readonly known?: string };
const test = (names: ReadonlySet<string>) => (m: Known): boolean => m.vmlinux && names.has(m.known ?? m.name);
/** Is it this very kfunc of vmlinux? */
export const is = (m: Known, name: string): boolean => m.vmlinux && (m.known ?? m.name) === name;
export const isObjNew = test(OBJ_NEW);
export const isPercpuObjNew = test(PERCPU_OBJ_NEW);
export const isObjDrop = test(OBJ_DROP);
export const isPercpuObjDrop = test(PERCPU_OBJ_DROP);
export const isRefcountAcquire = test(REFCOUNT_ACQUIRE);
export const isListPush = test(LIST_PUSH);
export const isRbtreeAdd = test(RBTREE_ADD);
export const isListApi = test(LIST);
export const isRbtreeApi = test(RBTREE);
export const takesListNode = test(LIST_NODE_ARG);
export const takesRbNode = test(RB_NODE_ARG);
export const isResSpinLock = test(RES_SPIN);
export const isTaskWorkAdd = test(TASK_WORK);
export const isWqSetCallback = test(WQ_CALLBACK);
export const isIterNum = test(ITER_NUM);
export const isArenaApi = test(ARENA);
export const isStreamApi = test(STREAM);
export const isGraphApi = (m: Known): boolean => isListApi(m) || isRbtreeApi(m) || isRefcountAcquire(m);
export const isIterNext = (m: KfuncMeta): boolean => m.flags.has("KF_ITER_NEXT");
export const isIterKfunc = (m: KfuncMeta): boolean => m.flags.has("KF_ITER_NEW") || m.flags.has("KF_ITER_NEXT") || m.flags.has("KF_ITER_DESTROY");

/** Runs a callback while the call itself goes on (kernel is_sync_callback_calling_kfunc). */
export const callsSyncCallback = isRbtreeAdd;
/** Has a callback run later. */
export const callsAsyncCallback = (m: Known): boolean => isWqSetCallback(m) || isTaskWorkAdd(m);
export const callsCallback = (m: Known): boolean => callsSyncCallback(m) || callsAsyncCallback(m);
