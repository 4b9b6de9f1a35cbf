/** Finds subprograms and resolves kfunc calls (kernel add_subprog_and_kfunc, check_subprogs). */
import {
  BPF_ABS, BPF_CALL, BPF_EXIT, BPF_IND, BPF_JA, BPF_JMP, BPF_JMP32, BPF_LD, bpfClass, bpfMode, bpfOp,
} from "../../isa/table.ts";
import { SubprogInfo } from "../state/aux-data.ts";
import type { Env } from "../state/env.ts";
import { findExceptionCallback } from "./exception-callback.ts";
import { helperName, isGotox, isHelperCall, isKfuncCall, isPseudoCall, isPseudoFunc, jmpOffset, kfuncCallName } from "./insn-info.ts";
import { addKfuncCall } from "../checks/kfunc/add.ts";

const BPF_MAX_SUBPROGS = 256;

function addSubprog(env: Env, off: number): void {
  if (off >= env.insns.length || off < 0) env.fail("EINVAL", "call to invalid destination");
  if (env.findSubprog(off) >= 0) return;
  if (env.subprogCnt >= BPF_MAX_SUBPROGS) env.fail("E2BIG", "too many subprograms");
  env.subprogs.push(new SubprogInfo(off));
  env.subprogs.sort((a, b) => a.start - b.start);
  env.subprogCnt++;
}

export function addSubprogAndKfunc(env: Env): void {
  addSubprog(env, 0);
  for (let i = 0; i < env.insns.length; i++) {
    const insn = env.insns[i]!;
    const func = (isPseudoFunc(insn) && env.f.pseudo_func) || isPseudoCall(insn);
    if (!func && !(isKfuncCall(insn) && env.f.kfuncs)) continue;
    if (!env.bpfCapable) env.fail("EPERM", env.f.subprog_cap_message_new
      ? "loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN"
      : "function calls to other bpf functions are allowed for CAP_BPF and CAP_SYS_ADMIN");
    if (func) addSubprog(env, i + insn.imm + 1);
    else addKfuncCall(env, insn);
  }
  if (env.f.exceptions) {
    const at = findExceptionCallback(env);
    if (at > 0) {
      addSubprog(env, at);
      env.exceptionCallbackSubprog = env.findSubprog(at);
      const info = env.subprogs[env.exceptionCallbackSubprog]!;
      info.isCb = true;
      info.isAsyncCb = true;
      info.isExceptionCb = true;
    }
  }
  env.subprogs.push(new SubprogInfo(env.insns.length));
  if (env.log.level2) for (let i = 0; i < env.subprogCnt; i++) env.verbose(`func#${i} @${env.subprogs[i]!.start}\n`);
}

/** All jumps stay within their subprogram, and none falls through into the next. */
export function checkSubprogs(env: Env): void {
  let cur = 0;
  let start = env.subprogs[0]!.start;
  let end = env.subprogs[1]!.start;
  for (let i = 0; i < env.insns.length; i++) {
    const insn = env.insns[i]!;
    const { code } = insn;
    const cls = bpfClass(code);
    const info = env.subprogs[cur]!;
    if (isHelperCall(insn) && helperName(env, insn) === "bpf_tail_call") {
      info.hasTailCall = true;
      info.tailCallReachable = true;
    }
    if (cls === BPF_LD && (bpfMode(code) === BPF_ABS || bpfMode(code) === BPF_IND)) info.hasLdAbs = true;
    if (cls === BPF_JMP || cls === BPF_JMP32) {
      const op = bpfOp(code);
      if (op === BPF_EXIT) info.exitIdx = i;
      if (op !== BPF_EXIT && op !== BPF_CALL && !isGotox(insn)) {
        const off = i + (env.f.gotol ? jmpOffset(insn) : insn.off) + 1;
        if (off < start || off >= end) env.fail("EINVAL", `jump out of range from insn ${i} to ${off}`);
      }
    }
    if (i === end - 1) {
      const throws = env.f.last_insn_may_throw && isKfuncCall(insn) && kfuncCallName(env, insn) === "bpf_throw";
      if (code !== (BPF_JMP | BPF_EXIT) && code !== (BPF_JMP | BPF_JA) && !(env.f.gotol && code === (BPF_JMP32 | BPF_JA)) && !isGotox(insn) && !throws)
        env.fail("EINVAL", "last insn is not an exit or jmp");
      start = end;
      cur++;
      if (cur < env.subprogCnt) end = env.subprogs[cur + 1]!.start;
    }
  }
}
