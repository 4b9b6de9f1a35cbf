/** Can the program attach where it wants to? (kernel check_attach_btf_id) */
import type { Env } from "../state/env.ts";

const NEEDS_BTF = new Set(["tracing", "lsm", "ext", "struct_ops"]);
const SLEEPABLE = new Set(["syscall", "struct_ops", "lsm", "kprobe", "raw_tracepoint", "tracepoint"]);

export function checkAttachBtfId(env: Env): void {
  const { prog } = env;
  if (prog.type === "syscall") {
    if (prog.sleepable) return;
    env.fail("EINVAL", "Syscall programs can only be sleepable");
  }
  if (prog.sleepable && prog.type !== "tracing" && !SLEEPABLE.has(prog.type))
    env.fail("EINVAL", "Only fentry/fexit/fsession/fmod_ret, lsm, iter, uprobe, struct_ops, tracepoint and raw_tp programs can be sleepable");
  if (NEEDS_BTF.has(prog.type)) checkTarget(env);
}
/** What the target's BTF demands is checked with the areas that need it. */
function checkTarget(_env: Env): void {}
