/** bpf_kptr_xchg's destination (kernel process_kptr_func). */
import type { Env } from "../state/env.ts";
import type { CallMeta } from "./helper-args.ts";

export function processKptrFunc(env: Env, _regno: number, _meta: CallMeta): void {
  env.unsupported("bpf_kptr_xchg is not simulated yet");
}
