/** What a program may return (kernel check_return_code, return_retval_range). */
import { markChainPrecision } from "../passes/backtrack.ts";
import { regTypeStr } from "../report/print-state.ts";
import type { Env } from "../state/env.ts";
import type { RetvalRange } from "../state/frame.ts";
import { SCALAR_VALUE } from "../state/reg-type.ts";
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
      if (at === "cgroup_inet4_bind" || at === "cgroup_inet6_bind") return range(0, 3);
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
      return at === "trace_kprobe_session" || at === "trace_uprobe_session" ? range(0, 1) : null;
    case "sk_lookup":
      return range(0, 1);
    case "netfilter":
      return range(0, 1);
    case "struct_ops":
      return range(0, 0);
    case "lsm":
      return env.unsupported("return values of LSM programs are not simulated yet");
    default:
      return null;
  }
}

export function checkReturnCode(env: Env, regno: number, name: string): void {
  const frame = env.curState.frames[0]!;
  let ctx = "At program exit";
  if (!frame.inAsyncCallbackFn && (env.progType === "lsm" || env.progType === "struct_ops" || env.progType === "ext"))
    env.unsupported(`return values of ${env.progType} programs are not simulated yet`);
  checkRegRead(env, regno);
  if (isPointerValue(env, env.reg(regno))) env.fail("EACCES", `R${regno} leaks addr as return value`);
  let r: RetvalRange | null;
  if (frame.inAsyncCallbackFn) {
    ctx = "At async callback return";
    r = frame.callbackRetRange;
  } else r = returnRange(env);
  if (!r) return;
  const reg = env.reg(regno);
  if (reg.type !== SCALAR_VALUE) env.fail("EINVAL", `${ctx} the register R${regno} is not a known value (${regTypeStr(env, reg.type)})`);
  if (env.f.ret_precise) markChainPrecision(env, regno);
  if (!retvalRangeWithin(r, env.reg(regno))) invalidScalar(env, env.reg(regno), r, ctx, name);
}
