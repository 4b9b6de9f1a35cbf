/** ld_imm64 of a kernel variable (kernel check_pseudo_btf_id). */
import type { Env } from "../state/env.ts";

export function checkPseudoBtfId(env: Env, _idx: number): void {
  env.unsupported("kernel variables (__ksym) are not simulated yet");
}
