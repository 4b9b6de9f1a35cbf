/**
 * What an accepted program looks like after the kernel's rewrites, as far as the statistics below the log tell: subprograms that are
 * gone, stack that inlined loops take (kernel bpf_optimize_bpf_loop, bpf_opt_remove_dead_code, bpf_opt_remove_nops, do_misc_fixups).
 */
import { BPF_CALL, BPF_EXIT, BPF_JA, BPF_JMP, BPF_JMP32, bpfClass, bpfOp } from "../../isa/table.ts";
import type { Env } from "../state/env.ts";
import { isGotox, isMayGoto, jmpOffset } from "./insn-info.ts";

/** registers that an inlined bpf_loop keeps on the stack */
const LOOP_REGS = 24;

/** Conditional jumps of which one side was never reached become plain ones: where to, from the next instruction; null for other instructions. */
function jumpDistance(env: Env, i: number): { off: number; plain: boolean } | null {
  const insn = env.insns[i]!;
  const cls = bpfClass(insn.code), op = bpfOp(insn.code);
  if ((cls !== BPF_JMP && cls !== BPF_JMP32) || isGotox(insn)) return null;
  if (op === BPF_JA) return { off: jmpOffset(insn), plain: cls === BPF_JMP };
  if (cls === BPF_JMP && (op === BPF_EXIT || op === BPF_CALL)) return null;
  if (!env.aux[i + 1]?.seen) return { off: insn.off, plain: true };
  if (!env.aux[i + 1 + insn.off]?.seen) return { off: 0, plain: true };
  return { off: insn.off, plain: false };
}

/** Instructions that stay: those reached, without jumps to the next one. */
function kept(env: Env): boolean[] {
  const stays = env.aux.map((a) => a.seen);
  const skipsNothing = (i: number, off: number): boolean => {
    if (off < 0) return false;
    for (let j = i + 1; j <= i + off; j++) if (stays[j]) return false;
    return true;
  };
  for (let i = 0; i < stays.length; i++) {
    if (!stays[i]) continue;
    const jump = jumpDistance(env, i);
    if (!jump || (!jump.plain && !isMayGoto(env.insns[i]!)) || !skipsNothing(i, jump.off)) continue;
    stays[i] = false;
    if (jump.plain) continue;
    // the one before may now skip nothing: `may_goto +1; may_goto +0`
    do i--;
    while (i >= 0 && !stays[i]);
    i--;
  }
  return stays;
}

/** Bytes for the context, where code of the kernel's runs behind the program's last instruction (net/sched/bpf_qdisc.c, gen_epilogue). */
function epilogueStack(env: Env): number {
  const at = env.prog.structOpsMember;
  return at?.typeName === "Qdisc_ops" && (at.member === "reset" || at.member === "destroy") ? 8 : 0;
}

export interface RewrittenSubprog { subprog: number; stackDepth: number }

/** The subprograms that an accepted program still has, and the stack each of them takes. */
export function rewrittenSubprogs(env: Env): RewrittenSubprog[] {
  const all = env.subprogs.slice(0, env.subprogCnt);
  const stays = env.bpfCapable ? kept(env) : env.aux.map(() => true);
  return all.flatMap(({ start, stackDepth }, subprog) => {
    const end = env.subprogs[subprog + 1]!.start;
    let loop = false, mayGoto = false, any = false;
    for (let i = start; i < end; i++) {
      loop ||= env.aux[i]!.loopInline?.fit === true;
      if (!stays[i]) continue;
      any = true;
      mayGoto ||= isMayGoto(env.insns[i]!);
    }
    if (!any) return [];
    const withEpilogue = (depth: number): number => depth + (subprog === 0 ? epilogueStack(env) : 0);
    const withLoop = loop ? Math.ceil(stackDepth / 8) * 8 + LOOP_REGS : stackDepth;
    return [{ subprog, stackDepth: withEpilogue(withLoop) + (mayGoto ? (env.f.timed_may_goto ? 16 : 8) : 0) }];
  });
}
