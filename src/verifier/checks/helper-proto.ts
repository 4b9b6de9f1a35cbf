/**
 * The prototype a program gets for a helper. Packs say it by program and attach type; some answers hang on what exactly the
 * program attaches to, which no probe could ask for every function.
 */
import type { HelperProto } from "../../kernel/types.ts";
import { attachInfo } from "../passes/attach.ts";
import { isSleepableLsmHook } from "../passes/lsm-hooks.ts";
import type { Env } from "../state/env.ts";
import { inIdSet } from "../state/id-sets.ts";

export function helperProto(env: Env, id: number): HelperProto | "unknown" | "not-allowed" {
  const fn = env.kernel.helperProtoFor(id, env.prog);
  return fn === "not-allowed" ? (byTarget(env, id) ?? fn) : fn;
}
function byTarget(env: Env, id: number): HelperProto | undefined {
  const { kernel, prog } = env;
  const entry = kernel.helper(id);
  if (!entry) return undefined;
  switch (entry.name) {
    case "bpf_setsockopt":
    case "bpf_getsockopt": {
      const target = prog.type === "lsm" && prog.attachType === "lsm_cgroup" ? lsmTakesSockopt : prog.attachType === "trace_iter" ? iterTakesSockopt : null;
      return target?.(env) ? entry.protos.find((p) => p.symbol === `bpf_sk_${entry.name.slice(4)}_proto`) : undefined;
    }
  }
  return undefined;
}
/** Kernel bpf_lsm_func_proto. */
function lsmTakesSockopt(env: Env): boolean {
  const name = attachInfo(env)?.name ?? "";
  return inIdSet(env.kernel, "bpf_lsm_locked_sockopt_hooks", name) || inIdSet(env.kernel, "bpf_lsm_unlocked_sockopt_hooks", name);
}
/** Iterators whose registration brings a get_func_proto: those over TCP and Unix sockets. */
function iterTakesSockopt(env: Env): boolean {
  const name = attachInfo(env)?.name;
  return name === "bpf_iter_tcp" || name === "bpf_iter_unix";
}

/** Does the function that goes with the prototype let this program call the helper? (kernel bpf_func_proto.allowed) */
export function helperAllowed(env: Env, fn: HelperProto): boolean {
  if (!fn.allowedBy) return true;
  const { attachType } = env.prog;
  const name = attachInfo(env)?.name;
  switch (fn.allowedBy) {
    case "bpf_d_path_allowed":
      if (env.progType === "tracing" && attachType === "trace_iter") return true;
      if (name === undefined) return env.unsupported("bpf_d_path in a program whose attach target is not known");
      return env.progType === "lsm" ? isSleepableLsmHook(env, name) : inIdSet(env.kernel, "btf_allowlist_d_path", name);
    case "bpf_sk_storage_tracing_allowed":
      if (attachType === "trace_iter" || attachType === "trace_raw_tp") return true;
      return (attachType === "trace_fentry" || attachType === "trace_fexit" || attachType === "trace_fsession") && name?.startsWith("bpf_sk_storage") === false;
    case "bpf_ima_inode_hash_allowed":
      return name !== undefined && isSleepableLsmHook(env, name);
    default:
      return env.unsupported(`who may call a helper that ${fn.allowedBy} decides about`);
  }
}
