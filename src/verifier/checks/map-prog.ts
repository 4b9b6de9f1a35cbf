/** Maps that certain programs may not use (kernel check_map_prog_compatibility). */
import type { Env } from "../state/env.ts";
import { recordHasField, type VMap } from "../state/maps.ts";

const BPF_F_NO_PREALLOC = 1;

const TRACING = new Set(["kprobe", "tracepoint", "perf_event", "raw_tracepoint", "raw_tracepoint_writable"]);
const SLEEPABLE_MAPS = new Set([
  "hash", "lru_hash", "array", "percpu_hash", "percpu_array", "lru_percpu_hash", "array_of_maps", "hash_of_maps", "ringbuf", "user_ringbuf", "inode_storage", "sk_storage",
  "task_storage", "cgrp_storage", "queue", "stack", "arena", "insn_array", "prog_array", "lpm_trie", "rhash",
]);

export function checkMapProgCompatibility(env: Env, map: VMap): void {
  const { record } = map;
  const tracing = (TRACING.has(env.progType) && (env.f.log_says_scalar || env.progType !== "raw_tracepoint_writable")) || (env.f.raw_tp_is_tracing && env.progType === "tracing" && env.prog.attachType === "trace_raw_tp");
  if (recordHasField(record, "list_head", "rb_root") && tracing) env.fail("EINVAL", "tracing progs cannot use bpf_{list_head,rb_root} yet");
  if (recordHasField(record, "spin_lock", "res_spin_lock")) {
    if (env.progType === "socket_filter" && env.f.spin_lock_socket_message) env.fail("EINVAL", "socket filter progs cannot use bpf_spin_lock yet");
    if ((tracing || env.progType === "socket_filter") && recordHasField(record, "spin_lock")) env.fail("EINVAL", "tracing progs cannot use bpf_spin_lock yet");
    if (env.prog.sleepable && env.f.no_sleepable_locks) env.fail("EINVAL", "sleepable progs cannot use bpf_spin_lock yet");
  }
  if (env.f.tracing_no_timers && tracing) {
    if (recordHasField(record, "timer")) env.fail("EINVAL", "tracing progs cannot use bpf_timer yet");
    if (recordHasField(record, "wq")) env.fail("EINVAL", "tracing progs cannot use bpf_wq yet");
  }
  if (!env.f.sleepable_many_maps && env.progType === "perf_event" && (map.type === "hash" || map.type === "percpu_hash" || map.type === "hash_of_maps") && map.flags & BPF_F_NO_PREALLOC)
    env.fail("EINVAL", "perf_event programs can only use preallocated hash map");
  if (map.type === "struct_ops") env.fail("EINVAL", "bpf_struct_ops map cannot be used in prog");
  if (env.prog.sleepable && !env.f.sleepable_many_maps) {
    if (map.type !== "hash" && map.type !== "lru_hash" && map.type !== "array") env.fail("EINVAL", "Sleepable programs can only use array and hash maps");
    if (map.flags & BPF_F_NO_PREALLOC) env.fail("EINVAL", "Sleepable programs can only use preallocated hash maps");
  }
  if (env.prog.sleepable && map.type === "cgrp_storage" && !env.f.sleepable_map_message_new) env.fail("EINVAL", "Sleepable programs can only use array, hash, and ringbuf maps");
  if (env.prog.sleepable && !(SLEEPABLE_MAPS.has(map.type) && (env.f.sleepable_more_maps || (map.type !== "prog_array" && map.type !== "lpm_trie"))))
    env.fail("EINVAL", env.f.sleepable_map_message_new ? "Sleepable programs can only use array, hash, ringbuf and local storage maps" : "Sleepable programs can only use array, hash, and ringbuf maps");
}
