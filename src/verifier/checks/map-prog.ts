/** Maps that certain programs may not use (kernel check_map_prog_compatibility). */
import type { Env } from "../state/env.ts";
import { recordHasField, type VMap } from "../state/maps.ts";

const TRACING = new Set(["kprobe", "tracepoint", "perf_event", "raw_tracepoint", "raw_tracepoint_writable"]);
const SLEEPABLE_MAPS = new Set([
  "hash", "lru_hash", "array", "percpu_hash", "percpu_array", "lru_percpu_hash", "array_of_maps", "hash_of_maps", "ringbuf", "user_ringbuf", "inode_storage", "sk_storage",
  "task_storage", "cgrp_storage", "queue", "stack", "arena", "insn_array", "prog_array", "lpm_trie", "rhash",
]);

export function checkMapProgCompatibility(env: Env, map: VMap): void {
  const { record } = map;
  const tracing = TRACING.has(env.progType) || (env.progType === "tracing" && env.prog.attachType === "trace_raw_tp");
  if (recordHasField(record, "list_head", "rb_root") && tracing) env.fail("EINVAL", "tracing progs cannot use bpf_{list_head,rb_root} yet");
  if (recordHasField(record, "spin_lock", "res_spin_lock")) {
    if (env.progType === "socket_filter" && env.f.spin_lock_socket_message) env.fail("EINVAL", "socket filter progs cannot use bpf_spin_lock yet");
    if ((tracing || env.progType === "socket_filter") && recordHasField(record, "spin_lock")) env.fail("EINVAL", "tracing progs cannot use bpf_spin_lock yet");
  }
  if (env.f.tracing_no_timers && tracing) {
    if (recordHasField(record, "timer")) env.fail("EINVAL", "tracing progs cannot use bpf_timer yet");
    if (recordHasField(record, "wq")) env.fail("EINVAL", "tracing progs cannot use bpf_wq yet");
  }
  if (map.type === "struct_ops") env.fail("EINVAL", "bpf_struct_ops map cannot be used in prog");
  if (env.prog.sleepable && !(SLEEPABLE_MAPS.has(map.type) && (env.f.sleepable_more_maps || (map.type !== "prog_array" && map.type !== "lpm_trie"))))
    env.fail("EINVAL", env.f.sleepable_map_message_new ? "Sleepable programs can only use array, hash, ringbuf and local storage maps" : "Sleepable programs can only use array, hash, and ringbuf maps");
}
