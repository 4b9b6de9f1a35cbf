/** Which helpers take which maps (kernel check_map_func_compatibility). */
import type { Env } from "../state/env.ts";
import type { VMap } from "../state/maps.ts";

const LOOKUP = "bpf_map_lookup_elem";
const RINGBUF = ["bpf_ringbuf_output", "bpf_ringbuf_reserve", "bpf_ringbuf_query", "bpf_ringbuf_reserve_dynptr", "bpf_ringbuf_submit_dynptr", "bpf_ringbuf_discard_dynptr"];
const PERF = ["bpf_perf_event_read", "bpf_perf_event_output", "bpf_skb_output", "bpf_perf_event_read_value", "bpf_xdp_output"];
const STORAGE = (kind: string): string[] => [`bpf_${kind}_storage_get`, `bpf_${kind}_storage_delete`, "bpf_kptr_xchg"];
/** helpers a map type allows; types not named take any that take maps at all */
const BY_MAP: Readonly<Record<string, readonly string[]>> = {
  prog_array: ["bpf_tail_call"],
  perf_event_array: PERF,
  ringbuf: RINGBUF,
  user_ringbuf: ["bpf_user_ringbuf_drain"],
  stack_trace: ["bpf_get_stackid"],
  cgroup_array: ["bpf_skb_under_cgroup", "bpf_current_task_under_cgroup"],
  cgroup_storage: ["bpf_get_local_storage"],
  percpu_cgroup_storage: ["bpf_get_local_storage"],
  devmap: ["bpf_redirect_map", LOOKUP],
  devmap_hash: ["bpf_redirect_map", LOOKUP],
  cpumap: ["bpf_redirect_map"],
  xskmap: ["bpf_redirect_map", LOOKUP],
  array_of_maps: [LOOKUP],
  hash_of_maps: [LOOKUP],
  sockmap: ["bpf_sk_redirect_map", "bpf_sock_map_update", "bpf_msg_redirect_map", "bpf_sk_select_reuseport", LOOKUP],
  sockhash: ["bpf_sk_redirect_hash", "bpf_sock_hash_update", "bpf_msg_redirect_hash", "bpf_sk_select_reuseport", LOOKUP],
  reuseport_sockarray: ["bpf_sk_select_reuseport"],
  queue: ["bpf_map_peek_elem", "bpf_map_pop_elem", "bpf_map_push_elem"],
  stack: ["bpf_map_peek_elem", "bpf_map_pop_elem", "bpf_map_push_elem"],
  sk_storage: STORAGE("sk"),
  inode_storage: STORAGE("inode"),
  task_storage: STORAGE("task"),
  cgrp_storage: STORAGE("cgrp"),
  bloom_filter: ["bpf_map_peek_elem", "bpf_map_push_elem"],
  insn_array: [],
};
/** map types a helper needs */
const BY_FUNC: Readonly<Record<string, readonly string[]>> = {
  bpf_tail_call: ["prog_array"],
  ...Object.fromEntries(PERF.map((f) => [f, ["perf_event_array"]])),
  ...Object.fromEntries(RINGBUF.map((f) => [f, ["ringbuf"]])),
  bpf_user_ringbuf_drain: ["user_ringbuf"],
  bpf_get_stackid: ["stack_trace"],
  bpf_current_task_under_cgroup: ["cgroup_array"],
  bpf_skb_under_cgroup: ["cgroup_array"],
  bpf_redirect_map: ["devmap", "devmap_hash", "cpumap", "xskmap"],
  bpf_sk_redirect_map: ["sockmap"],
  bpf_msg_redirect_map: ["sockmap"],
  bpf_sock_map_update: ["sockmap"],
  bpf_sk_redirect_hash: ["sockhash"],
  bpf_msg_redirect_hash: ["sockhash"],
  bpf_sock_hash_update: ["sockhash"],
  bpf_get_local_storage: ["cgroup_storage", "percpu_cgroup_storage"],
  bpf_sk_select_reuseport: ["reuseport_sockarray", "sockmap", "sockhash"],
  bpf_map_pop_elem: ["queue", "stack"],
  bpf_map_peek_elem: ["queue", "stack", "bloom_filter"],
  bpf_map_push_elem: ["queue", "stack", "bloom_filter"],
  bpf_map_lookup_percpu_elem: ["percpu_array", "percpu_hash", "lru_percpu_hash"],
  bpf_sk_storage_get: ["sk_storage"],
  bpf_sk_storage_delete: ["sk_storage"],
  bpf_inode_storage_get: ["inode_storage"],
  bpf_inode_storage_delete: ["inode_storage"],
  bpf_task_storage_get: ["task_storage"],
  bpf_task_storage_delete: ["task_storage"],
  bpf_cgrp_storage_get: ["cgrp_storage"],
  bpf_cgrp_storage_delete: ["cgrp_storage"],
};
/** Helpers that a map type is for; null for a type that any helper takes which takes maps at all. */
export const helpersOfMap = (type: string): readonly string[] | null => BY_MAP[type] ?? null;
/** Map types that a helper needs; empty for one that takes any. */
export const mapsOfHelper = (helper: string): readonly string[] => BY_FUNC[helper] ?? [];
const SOCKMAP_UPDATERS = new Set(["socket_filter", "sched_cls", "sched_act", "xdp", "sk_reuseport", "flow_dissector", "sk_lookup"]);
const LOCKED_UPDATERS = new Set(["sk_reuseport", "sk_lookup"]);
function mayUpdateSockmap(env: Env, func: string): boolean {
  if (func !== "bpf_map_update_elem" && func !== "bpf_map_delete_elem") return false;
  if (env.progType === "sock_ops" && func === "bpf_map_delete_elem") return true;
  if (env.progType === "tracing" && env.prog.attachType === "trace_iter") return true;
  const types = env.f.sockmap_updates_locked ? LOCKED_UPDATERS : SOCKMAP_UPDATERS;
  if (!types.has(env.progType)) {
    env.verbose("cannot update sockmap in this context\n");
    return false;
  }
  return true;
}

export function checkMapFuncCompatibility(env: Env, map: VMap | null, func: string, id: number): void {
  if (!map) return;
  const bad = (): never => env.fail("EINVAL", `cannot pass map_type ${map.spec.typeId} into func ${func}#${id}`);
  const allowed = BY_MAP[map.type];
  if (allowed && !allowed.includes(func) && !((map.type === "sockmap" || map.type === "sockhash") && mayUpdateSockmap(env, func))) bad();
  const needs = BY_FUNC[func];
  if (needs && !needs.includes(map.type)) bad();
  if (func === "bpf_tail_call" && env.subprogCnt > 1 && !env.f.tail_call_in_subprogs) env.fail("EINVAL", "tail_calls are not allowed in programs with bpf-to-bpf calls");
}
