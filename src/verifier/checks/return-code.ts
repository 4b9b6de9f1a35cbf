/** What a program may return (kernel check_return_code, return_retval_range). */
import { markChainPrecision } from "../passes/backtrack.ts";
import { regTypeStr } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import type { RetvalRange } from "../state/frame.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
import { BtfKind } from "../../btf/types.ts";
import { attachInfo, attachReturnsVoid, lsmRetvalRange } from "../passes/attach.ts";
import { checkPtrOffReg } from "./mem-region.ts";
import { regIsReferenced } from "./refs.ts";
import { invalidScalar, retvalRangeWithin } from "./exit.ts";
import { checkRegRead, isPointerValue } from "./reg-arg.ts";

const range = (min: number, max: number, return32 = false): RetvalRange => ({ min, max, return32 });
const ONE_ONLY = /^cgroup_(udp[46]_recvmsg|unix_recvmsg|(inet[46]|unix)_get(peer|sock)name)$/;

/** Null: anything. */
function returnRange(env: Env): RetvalRange | null {
  const { attachType, attachBtfId } = env.prog;
  const at = attachType ?? "";
  switch (env.progType) {
    case "cgroup_sock_addr":
      if (ONE_ONLY.test(at)) return range(1, 1);
      if (at === "cgroup_inet4_bind" || at === "cgroup_inet6_bind") return range(0, env.f.bind_any_port ? 3 : 1);
      return range(0, 1);
    case "cgroup_skb":
      return at === "cgroup_inet_egress" ? range(0, 3) : range(0, 1);
    case "cgroup_sock": case "sock_ops": case "cgroup_device": case "cgroup_sysctl": case "cgroup_sockopt":
      return range(0, 1);
    case "raw_tracepoint":
      return attachBtfId ? range(0, 0) : null;
    case "tracing":
      switch (at) {
        case "trace_fentry": case "trace_fexit": case "trace_fsession": case "trace_fentry_multi": case "trace_fexit_multi": case "trace_fsession_multi":
          return range(0, 0);
        case "trace_raw_tp": case "modify_return":
          return null;
        default:
          return range(0, 1);
      }
    case "kprobe":
      return env.f.session_retval && (at === "trace_kprobe_session" || at === "trace_uprobe_session") ? range(0, 1) : null;
    case "sk_lookup":
      return range(0, 1);
    case "netfilter":
      return range(0, 1);
    case "struct_ops":
      return range(0, 0);
    case "lsm": {
      if (at !== "lsm_cgroup") {
        const r = env.f.lsm_retval_range && at === "lsm_mac" ? lsmRetvalRange(env) : null;
        return r && { ...r, return32: true };
      }
      return attachReturnsVoid(env) ? range(1, 1) : range(0, 1);
    }
    default: {
      const own = env.kernel.policy?.programTypes.get(env.progType)?.returns;
      return own ? range(own.min, own.max) : null;
    }
  }
}

export function checkReturnCode(env: Env, regno: number, name: string): void {
  const frame = env.curState.frames[0]!;
  let ctx = "At program exit";
  if (!frame.inAsyncCallbackFn && programReturnsVoid(env)) return;
  if (env.progType === "struct_ops" && returnsReference(env, regno)) {
    checkPtrOffReg(env, env.reg(regno), regno, false);
    return;
  }
  checkRegRead(env, regno);
  if (isPointerValue(env, env.reg(regno))) env.fail("EACCES", `R${regno} leaks addr as return value`);
  let r: RetvalRange | null;
  if (frame.inAsyncCallbackFn) {
    ctx = env.f.retval_range_message ? "At async callback return" : "At async callback";
    r = frame.callbackRetRange;
  } else if (env.progType === "struct_ops" && !structOpsReturnsPtr(env)) return;
  else r = returnRange(env);
  if (!r) return;
  const reg = env.reg(regno);
  const unknown = frame.inAsyncCallbackFn && !env.f.retval_range_message ? "In async callback" : ctx;
  if (reg.type !== SCALAR_VALUE) env.fail("EINVAL", `${unknown} the register R${regno} is not a known value (${regTypeStr(env, reg.type)})`);
  if (env.f.ret_precise) markChainPrecision(env, regno);
  if (!retvalRangeWithin(env, r, env.reg(regno))) {
    try {
      invalidScalar(env, env.reg(regno), r, ctx, name);
    } catch (e) {
      if (env.progType === "lsm" && env.prog.attachType === "lsm_cgroup" && attachReturnsVoid(env))
        env.verbose("Note, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!\n");
      throw e;
    }
  }
}
/** A hook or operation without result: r0 is nobody's business. */
function programReturnsVoid(env: Env): boolean {
  if (env.progType === "lsm") return env.prog.attachType !== "lsm_cgroup" && attachReturnsVoid(env);
  return env.progType === "struct_ops" && attachReturnsVoid(env);
}
function structOpsReturnsPtr(env: Env): boolean {
  const a = attachInfo(env);
  return env.f.struct_ops_ret_ref && a !== undefined && a.btf.resolve(a.proto.ret)?.kind === BtfKind.PTR;
}
/** struct_ops may hand out a reference of the operation's own type (6.15+). */
function returnsReference(env: Env, regno: number): boolean {
  const a = attachInfo(env);
  if (!a || !structOpsReturnsPtr(env)) return false;
  const ptr = a.btf.resolve(a.proto.ret);
  const target = ptr?.kind === BtfKind.PTR ? a.btf.resolve(ptr.type) : undefined;
  const reg = env.reg(regno);
  return target !== undefined && reg.btf !== null && reg.btf.type(reg.btfId) === target && regIsReferenced(env, reg);
}
