/** Stack used by chains of calls (kernel check_max_stack_depth). */
import type { Env } from "../state/env.ts";
import { MAX_BPF_STACK } from "../state/frame.ts";
import { isPseudoCall, isPseudoFunc, isThrowKfunc } from "./insn-info.ts";

interface Depth { ret: number; caller: number; frame: number }
const PRIV_STACK_MIN = 64;
const roundUp = (env: Env, d: number): number => (env.f.stack_depth_round_16 ? Math.ceil(d / 16) * 16 : Math.ceil(Math.max(d, 1) / 32) * 32);

function privStackMode(env: Env): "no" | "adaptive" {
  if (!env.f.private_stack) return "no";
  switch (env.progType) {
    case "kprobe": case "tracepoint": case "perf_event": case "raw_tracepoint":
      return "adaptive";
    case "tracing":
      return env.prog.attachType === "trace_iter" ? "no" : "adaptive";
    case "lsm":
      return env.prog.attachType === "lsm_cgroup" ? "no" : "adaptive";
    default:
      return "no";
  }
}

function walk(env: Env, start: number, priv: boolean): void {
  const { subprogs } = env;
  const info: Depth[] = [];
  let idx = start, frame = 0, depth = 0, i = subprogs[start]!.start;
  let tailReachable = false;
  info[idx] = { ret: 0, caller: -1, frame: 0 };
  const chain = (from: number): number[] => {
    const out: number[] = [];
    for (let t = from; t >= 0; t = info[t]!.caller) out.push(t);
    return out;
  };
  let entering = true;
  if (!priv) subprogs[idx]!.privStack = "no";
  for (;;) {
    if (entering) {
      entering = false;
      const s = subprogs[idx]!;
      if (s.hasLdAbs && env.f.abnormal_return_edges && chain(idx).some((t) => subprogs[t]!.isCb)) env.fail("EINVAL", "cannot use BPF_LD_[ABS|IND] within callback");
      if (idx && s.hasTailCall && depth >= 256) env.fail("EACCES", `tail_calls are not allowed when call stack of previous frames is ${depth} bytes. Too large`);
      const d = roundUp(env, s.stackDepth);
      if (s.stackArgCnt) s.privStack = "no";
      else if (priv && s.privStack === "unknown" && d >= PRIV_STACK_MIN) s.privStack = "adaptive";
      if (s.privStack === "adaptive") {
        env.maxStackDepth = Math.max(env.maxStackDepth, d);
        if (d > MAX_BPF_STACK) env.fail("EACCES", `stack size of subprog ${idx} is ${d}. Too large`);
      } else {
        depth += d;
        env.maxStackDepth = Math.max(env.maxStackDepth, depth);
        if (depth > MAX_BPF_STACK) env.fail("EACCES", `combined stack size of ${env.f.stack_depth_counts_chain ? chain(idx).length : frame + 1} calls is ${depth}. Too large`);
      }
    }
    const end = subprogs[idx + 1]!.start;
    let called = false;
    for (; i < end; i++) {
      const insn = env.insns[i]!;
      if (isThrowKfunc(env, insn)) {
        if (chain(idx).some((t) => subprogs[t]!.isCb)) env.fail("EINVAL", `bpf_throw kfunc (insn ${i}) cannot be called from callback subprog ${idx}`);
        continue;
      }
      if (!isPseudoCall(insn) && !isPseudoFunc(insn)) continue;
      const target = i + insn.imm + 1;
      const callee = env.findSubprog(target);
      if (callee < 0) env.bug(`callee not found at insn ${target}`);
      if (subprogs[callee]!.isAsyncCb) {
        if (subprogs[callee]!.hasTailCall && !env.f.no_tail_call_in_callbacks) env.bug("subprog has tail_call and async cb");
        if (!isPseudoCall(insn)) continue;
        if (subprogs[callee]!.isExceptionCb) {
          env.verbose(`insn ${i} cannot call exception cb directly`);
          env.failSilently("EINVAL");
        }
      }
      info[idx]!.frame = frame;
      info[idx]!.ret = i + 1;
      info[callee] = { ret: 0, caller: idx, frame: 0 };
      i = target;
      idx = callee;
      if (!priv) subprogs[idx]!.privStack = "no";
      tailReachable = env.f.tail_call_synced ? subprogs[idx]!.hasTailCall : subprogs[idx]!.hasTailCall || tailReachable;
      frame = env.subprogIsGlobal(idx) && env.f.global_resets_frames ? 0 : frame + 1;
      if (frame >= env.maxCallFrames) env.fail("E2BIG", `the call stack of ${frame} frames is too deep !`);
      called = true;
      break;
    }
    if (called) {
      entering = true;
      continue;
    }
    if (tailReachable) {
      for (const t of chain(idx)) {
        if (env.f.no_tail_call_in_callbacks ? subprogs[t]!.isCb : subprogs[t]!.isExceptionCb) env.fail("EINVAL", `cannot tail call within ${env.f.no_tail_call_in_callbacks ? "callback" : "exception cb"}`);
        if (subprogs[t]!.stackArgCnt) env.fail("EINVAL", "tail_calls are not allowed in programs with stack args");
        subprogs[t]!.tailCallReachable = true;
      }
    } else if (!idx && subprogs[0]!.hasTailCall && subprogs[0]!.stackArgCnt) env.fail("EINVAL", "tail_calls are not allowed in programs with stack args");
    if (info[idx]!.caller < 0) return;
    if (subprogs[idx]!.privStack !== "adaptive") depth -= roundUp(env, subprogs[idx]!.stackDepth);
    idx = info[idx]!.caller;
    frame = info[idx]!.frame;
    i = info[idx]!.ret;
    if (env.f.tail_call_synced) tailReachable = subprogs[idx]!.tailCallReachable;
  }
}
export function checkMaxStackDepth(env: Env): void {
  const mode = env.subprogs.some((s, i) => i < env.subprogCnt && s.hasTailCall) ? "no" : privStackMode(env);
  for (let i = env.subprogCnt - 1; i >= 0; i--) if (i === 0 || (env.subprogs[i]!.isAsyncCb && env.f.async_cb_stack_depth)) walk(env, i, i === 0 && mode === "adaptive");
}
