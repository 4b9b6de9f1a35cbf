/** Walks the control flow graph: marks pruning points, finds unreachable code (kernel check_cfg), then postorder and strongly connected components. */
import { BPF_ABS, BPF_CALL, BPF_EXIT, BPF_IND, BPF_JA, BPF_JMP, BPF_JMP32, BPF_LD, BPF_X, bpfClass, bpfMode, bpfOp, bpfSrc } from "../../isa/table.ts";
import type { Insn } from "../../isa/types.ts";
import type { Env } from "../state/env.ts";
import { helperProto } from "../checks/helper-proto.ts";
import { kfuncEffects } from "../checks/kfunc/add.ts";
import {
  helperChangesPktData, helperName, isAsyncCallbackCalling, isHelperCall, isKfuncCall, isLdImm64, isMayGoto, isPseudoCall, isPseudoFunc,
  isSyncCallbackCalling, isThrowKfunc, jmpOffset, successors,
} from "./insn-info.ts";
import { createJumpTable } from "./jump-table.ts";

const DISCOVERED = 0x10, EXPLORED = 0x20, FALLTHROUGH = 1, BRANCH = 2;

interface Walk { state: Uint8Array; stack: number[] }

/** True: keep exploring. */
function pushInsn(env: Env, w: Walk, t: number, to: number, edge: number): boolean {
  if (edge === FALLTHROUGH && w.state[t]! >= (DISCOVERED | FALLTHROUGH)) return false;
  if (edge === BRANCH && w.state[t]! >= (DISCOVERED | BRANCH)) return false;
  if (to < 0 || to >= env.insns.length) {
    env.log.linfo(t, `${t}: `);
    env.fail("EINVAL", `jump out of range from insn ${t} to ${to}`);
  }
  if (edge === BRANCH) {
    const aux = env.aux[to]!;
    aux.prunePoint = true;
    aux.jmpPoint = true;
    aux.jumpTarget = true;
  }
  const s = w.state[to]!;
  if (s === 0) {
    w.state[t] = DISCOVERED | edge;
    w.state[to] = DISCOVERED;
    if (w.stack.length >= env.insns.length) env.failSilently("E2BIG");
    w.stack.push(to);
    return true;
  }
  if ((s & 0xf0) === DISCOVERED) {
    // before 6.8 only jumps may go back, not calls and what lies in front of a loop's entry
    if (env.bpfCapable && (env.f.cfg_calls_may_cycle || isJump(env.insns[t]!) || isPseudoFunc(env.insns[t]!))) return false;
    env.log.linfo(t, `${t}: `);
    env.log.linfo(to, `${to}: `);
    env.fail("EINVAL", `back-edge from insn ${t} to ${to}`);
  }
  w.state[t] = DISCOVERED | edge;
  return false;
}
function isJump(i: Insn): boolean {
  const cls = bpfClass(i.code);
  return (cls === BPF_JMP || cls === BPF_JMP32) && bpfOp(i.code) !== BPF_CALL;
}
function visitCall(env: Env, w: Walk, t: number, visitCallee: boolean): boolean {
  const insn = env.insns[t]!;
  const next = t + (isLdImm64(insn) ? 2 : 1);
  if (pushInsn(env, w, t, next, FALLTHROUGH)) return true;
  env.aux[next]!.prunePoint = true;
  env.aux[next]!.jmpPoint = true;
  if (!visitCallee) return false;
  const callee = t + insn.imm + 1;
  env.aux[t]!.prunePoint = true;
  const from = env.subprogs[env.findContainingSubprog(t)]!;
  const to = env.subprogs[env.findContainingSubprog(callee)]!;
  from.changesPktData ||= to.changesPktData;
  from.mightSleep ||= to.mightSleep;
  from.mightThrow ||= to.mightThrow;
  return pushInsn(env, w, t, callee, BRANCH);
}
/** tail_call and ld_abs may leave the subprogram: a hidden edge to its exit (6.19+). */
function abnormalReturn(env: Env, t: number): void {
  if (!env.f.abnormal_return_edges || env.aux[t]!.jt) return;
  env.aux[t]!.jt = [t + 1, env.subprogs[env.findContainingSubprog(t)]!.exitIdx];
}
function visitInsn(env: Env, w: Walk, t: number): boolean {
  const insn = env.insns[t]!;
  const aux = env.aux[t]!;
  if (isPseudoFunc(insn)) return visitCall(env, w, t, true);
  const cls = bpfClass(insn.code);
  if (cls !== BPF_JMP && cls !== BPF_JMP32) {
    if (cls === BPF_LD && (bpfMode(insn.code) === BPF_ABS || bpfMode(insn.code) === BPF_IND)) abnormalReturn(env, t);
    return pushInsn(env, w, t, t + (isLdImm64(insn) ? 2 : 1), FALLTHROUGH);
  }
  switch (bpfOp(insn.code)) {
    case BPF_EXIT:
      return false;
    case BPF_CALL: {
      if (isAsyncCallbackCalling(env, insn)) aux.prunePoint = true;
      if (env.f.callback_checkpoints && isSyncCallbackCalling(env, insn)) {
        aux.prunePoint = true;
        aux.callsCallback = true;
        aux.forceCheckpoint = true;
        aux.jmpPoint = true;
      }
      const info = env.subprogs[env.findContainingSubprog(t)]!;
      if (isHelperCall(insn)) {
        const proto = helperProto(env, insn.imm);
        if (typeof proto === "object" && proto.mightSleep) info.mightSleep = true;
        if (helperChangesPktData(env, insn)) info.changesPktData = true;
        if (helperName(env, insn) === "bpf_tail_call") abnormalReturn(env, t);
      } else if (isKfuncCall(insn)) {
        const e = kfuncEffects(env, insn);
        if (e?.iterNext) {
          aux.prunePoint = true;
          aux.forceCheckpoint = true;
        }
        if (e?.sleepable) info.mightSleep = true;
        if (e?.changesPkt) info.changesPktData = true;
        if (isThrowKfunc(env, insn)) info.mightThrow = true;
      }
      return visitCall(env, w, t, isPseudoCall(insn));
    }
    case BPF_JA: {
      if (bpfSrc(insn.code) === BPF_X) return visitGotox(env, w, t);
      const to = t + jmpOffset(insn) + 1;
      if (pushInsn(env, w, t, to, FALLTHROUGH)) return true;
      env.aux[to]!.prunePoint = true;
      env.aux[to]!.jmpPoint = true;
      env.aux[to]!.jumpTarget = true;
      return false;
    }
    default:
      aux.prunePoint = true;
      if (isMayGoto(insn)) aux.forceCheckpoint = true;
      if (pushInsn(env, w, t, t + 1, FALLTHROUGH)) return true;
      return pushInsn(env, w, t, t + insn.off + 1, BRANCH);
  }
}
function visitGotox(env: Env, w: Walk, t: number): boolean {
  const aux = env.aux[t]!;
  aux.jt ??= createJumpTable(env, t);
  aux.prunePoint = true;
  let keep = false;
  for (const to of aux.jt) {
    if (to < 0 || to >= env.insns.length) env.fail("EINVAL", `indirect jump out of range from insn ${t} to ${to}`);
    env.aux[to]!.jmpPoint = true;
    env.aux[to]!.jumpTarget = true;
    if (w.state[to]) continue;
    w.stack.push(to);
    w.state[to]! |= DISCOVERED;
    keep = true;
  }
  return keep;
}

export function checkCfg(env: Env): void {
  const n = env.insns.length;
  const w: Walk = { state: new Uint8Array(n), stack: [0] };
  w.state[0] = DISCOVERED;
  const ex = env.exceptionCallbackSubprog ? env.subprogs[env.exceptionCallbackSubprog]!.start : 0;
  for (;;) {
    while (w.stack.length > 0) {
      const t = w.stack[w.stack.length - 1]!;
      if (!visitInsn(env, w, t)) {
        w.state[t] = EXPLORED;
        w.stack.pop();
      }
    }
    if (!ex || w.state[ex] === EXPLORED) break;
    w.state[ex] = DISCOVERED;
    w.stack.push(ex);
  }
  for (let i = 0; i < n; i++) {
    if (w.state[i] !== EXPLORED) env.fail("EINVAL", `unreachable insn ${i}`);
    if (isLdImm64(env.insns[i]!)) {
      if (env.f.ldimm64_middle_check && w.state[i + 1] !== 0) env.fail("EINVAL", `jump into the middle of ldimm64 insn ${i}`);
      if (env.f.ldimm64_middle_check || w.state[i + 1] === 0) i++;
    }
  }
  if (!env.f.jmp_points_apart) for (const aux of env.aux) aux.jmpPoint = aux.prunePoint;
  env.changesPktData = env.subprogs[0]!.changesPktData;
}

/** Instructions of every subprogram in postorder (kernel compute_postorder). */
export function computePostorder(env: Env): void {
  const state = new Uint8Array(env.insns.length);
  const out: number[] = [];
  for (let i = 0; i < env.subprogCnt; i++) {
    env.subprogs[i]!.postorderStart = out.length;
    const stack = [env.subprogs[i]!.start];
    do {
      const top = stack[stack.length - 1]!;
      state[top]! |= 1;
      if (state[top]! & 2) {
        out.push(top);
        stack.pop();
        continue;
      }
      for (const s of successors(env, top)) {
        if (state[s]) continue;
        stack.push(s);
        state[s] = 1;
      }
      state[top]! |= 2;
    } while (stack.length > 0);
  }
  env.subprogs[env.subprogCnt]!.postorderStart = out.length;
  env.insnPostorder = out;
}

/** Tarjan's components over the flow graph; loops get numbers from 1 (kernel compute_scc, 6.17+). */
export function computeScc(env: Env): void {
  const n = env.insns.length;
  const OFF = 0xffff_ffff;
  const pre = new Uint32Array(n), low = new Uint32Array(n);
  let order = 1, scc = 1;
  for (let i = 0; i < n; i++) {
    if (pre[i]) continue;
    const stack: number[] = [];
    const dfs = [i];
    visit: while (dfs.length > 0) {
      const w = dfs[dfs.length - 1]!;
      if (pre[w] === 0) {
        low[w] = order;
        pre[w] = order++;
        stack.push(w);
      }
      const succ = successors(env, w);
      for (const s of succ) {
        if (pre[s]) low[w] = Math.min(low[w]!, low[s]!);
        else {
          dfs.push(s);
          continue visit;
        }
      }
      if (low[w]! < pre[w]!) {
        dfs.pop();
        continue;
      }
      const assign = stack[stack.length - 1] !== w || succ.includes(w) || (env.aux[w]!.callsCallback && env.f.callbacks_in_scc);
      let t: number;
      do {
        t = stack.pop()!;
        low[t] = OFF;
        if (assign) env.aux[t]!.scc = scc;
      } while (t !== w);
      if (assign) scc++;
      dfs.pop();
    }
  }
  env.sccVisits = Array.from({ length: scc }, () => []);
}
