/** Callbacks of helpers and kfuncs (kernel push_callback_call and the set_*_callback_state functions). */
import type { Insn } from "../../isa/types.ts";
import type { Env } from "../state/env.ts";
import type { CallMeta } from "./helper-args.ts";

/** The effects of a helper that takes a callback; true when the helper was one. */
export function helperCallback(env: Env, _insn: Insn, _insnIdx: number, meta: CallMeta): boolean {
  switch (meta.func) {
    case "bpf_for_each_map_elem":
    case "bpf_timer_set_callback":
    case "bpf_find_vma":
    case "bpf_loop":
    case "bpf_user_ringbuf_drain":
      return env.unsupported(`callbacks of ${meta.func} are not simulated yet`);
  }
  return false;
}
