/**
 * The room's door: judges one bound program as one kernel would (kernel bpf_check). Pure from outside. A first pass
 * runs without printing; only a refused program, or one whose log was asked for, is walked again with the log on.
 */
import { kernelFor } from "../kernel/lab/views.ts";
import { deprecationWarnings } from "../kernel/policy.ts";
import type { Kernel } from "../kernel/types.ts";
import type { BoundProgram } from "../loader/types.ts";
import { checkAttachBtfId } from "./passes/attach.ts";
import { checkCfg, computePostorder, computeScc } from "./passes/cfg.ts";
import { checkBtfEarly, checkBtfInfo } from "./passes/check-btf.ts";
import { doCheckMain, doCheckSubprogs } from "./passes/check-common.ts";
import { computeConstRegs, pruneDeadBranches } from "./passes/const-regs.ts";
import { markFastcallPatterns, shrinkFastcallStack } from "./passes/fastcall.ts";
import { computeLiveRegisters } from "./passes/live-registers.ts";
import { checkRewrites } from "./passes/rewrites.ts";
import { checkAndResolveInsns } from "./passes/resolve.ts";
import { checkMaxStackDepth } from "./passes/stack-depth.ts";
import { computeStackLiveness } from "./passes/stack-liveness.ts";
import { sortSubprogsTopo } from "./passes/subprog-order.ts";
import { addSubprogAndKfunc, checkSubprogs } from "./passes/subprogs.ts";
import { refusedBeforeVerifier } from "./checks/privileges.ts";
import { buildMaps } from "./checks/map-record.ts";
import { explain } from "./report/explain.ts";
import { findLineInfo, LOG_STATS } from "./report/log.ts";
import { printReport, structuredReport, withReport } from "./report/structured.ts";
import { printStats } from "./report/message.ts";
import { PrintPlan } from "./report/print-plan.ts";
import { Watch } from "./report/watch.ts";
import { Env } from "./state/env.ts";
import { Stopped, Unsupported, VerifierError } from "./state/errors.ts";
import type { VerifyOptions, VerifyResult } from "./types.ts";

interface Outcome {
  verdict: VerifyResult["verdict"];
  errno?: string;
  what?: string;
  env: Env;
  ms: number;
}
const now = (): number => (globalThis as { performance?: { now(): number } }).performance?.now() ?? Date.now();

function checkAll(env: Env): void {
  buildMaps(env);
  if (env.f.func_info_early) checkBtfEarly(env);
  addSubprogAndKfunc(env);
  checkSubprogs(env);
  if (!env.f.func_info_early) checkBtfEarly(env);
  checkBtfInfo(env);
  if (!env.f.attach_after_cfg) checkAttachBtfId(env);
  checkAndResolveInsns(env);
  checkCfg(env);
  if (env.f.live_registers) computePostorder(env);
  if (env.f.attach_after_cfg) checkAttachBtfId(env);
  if (env.f.const_regs) {
    computeConstRegs(env);
    pruneDeadBranches(env);
  }
  if (env.f.subprog_topo) sortSubprogsTopo(env);
  if (env.f.scc_loops) computeScc(env);
  if (env.f.live_registers) {
    if (env.f.static_stack_liveness) computeStackLiveness(env);
    computeLiveRegisters(env);
  }
  markFastcallPatterns(env);
  if (!env.f.lazy_global_funcs) doCheckSubprogs(env);
  doCheckMain(env);
  if (env.f.lazy_global_funcs) doCheckSubprogs(env);
  shrinkFastcallStack(env);
  checkMaxStackDepth(env);
  checkRewrites(env);
}

/** One walk. `recording`: with what explanations need. */
function run(prog: BoundProgram, kernel: Kernel, options: VerifyOptions, level: number, walk: 1 | 2, recording: boolean, plan: PrintPlan | null = null): Outcome {
  const { onProgress } = options;
  const env = new Env(prog, kernel, options, level);
  if (onProgress) env.progress = (processed, states) => onProgress(processed, states, walk);
  env.recording = recording;
  env.plan = plan;
  if (options.watch && walk === 1) env.watch = new Watch(options.watch);
  const start = now();
  const done = (verdict: VerifyResult["verdict"], errno?: string, what?: string): Outcome => ({ verdict, errno, what, env, ms: now() - start });
  try {
    checkAll(env);
    return done("accepted");
  } catch (e) {
    if (e instanceof VerifierError) return done("rejected", e.errno);
    if (e instanceof Unsupported) return done("unsupported", undefined, e.message);
    if (e instanceof Stopped) return done("stopped");
    throw e;
  }
}

/**
 * @param program as the loader binds it for this kernel
 * @returns the verdict with the kernel's own last message; never throws for bad input (a defect of ours gives "unsupported")
 */
export function verify(program: BoundProgram, anyKernel: Kernel, options: VerifyOptions = {}): VerifyResult {
  const view = kernelFor(anyKernel, program.apiVersion ?? 0);
  const kernel = view.ok ? view.value : anyKernel;
  const level = options.logLevel ?? 1;
  const early = options.unprivileged === true ? refusedBeforeVerifier(program) : undefined;
  if (early !== undefined) return withoutVerifier(program, early);
  try {
    const all = (level & 2) !== 0;
    const first = run(program, kernel, options, all ? level : 0, 1, all);
    if (all || first.verdict !== "rejected" || options.firstWalkOnly) return finish(first, program, level, first.ms, all);
    const states = answerOf(first);
    const plan = new PrintPlan(first.env);
    // The first walk's states can go before the second makes its own.
    first.env.forget();
    const second = run(program, kernel, options, (level & ~3) | 1, 2, true, plan);
    const result = finish(second, program, level, first.ms, true);
    return states ? { ...result, states } : result;
  } catch (e) {
    return internalError(e, program, kernel, options);
  }
}

function answerOf(o: Outcome): VerifyResult["states"] {
  if (o.verdict === "rejected" || o.verdict === "unsupported") o.env.watch?.refused(o.env);
  return o.env.watch?.answer(o.env);
}

function finish(o: Outcome, program: BoundProgram, level: number, ms: number, recorded: boolean): VerifyResult {
  const { env } = o;
  const stats = {
    insns: env.insnProcessed, maxStatesPerInsn: env.maxStatesPerInsn, totalStates: env.totalStates, peakStates: env.peakStates,
    stackDepths: env.subprogs.slice(0, env.subprogCnt).map((s) => s.stackDepth), ms,
  };
  const at = findLineInfo(env, env.insnIdx);
  const report = o.verdict === "rejected" ? structuredReport(env) : undefined;
  const deprecations = deprecationWarnings(env.kernel, program.kfuncs.map((k) => k.name)).map((w) => `warning: ${w}\n`).join("");
  const result: VerifyResult = {
    verdict: o.verdict,
    message: o.verdict === "rejected" ? env.log.lastLine() : o.verdict === "accepted" ? "" : (o.what ?? ""),
    log: (level & 3) !== 0 || (level & LOG_STATS) !== 0 ? deprecations + withReport(env, report) + printStats(env, ms, level, o.verdict === "accepted") : "",
    stats,
    warnings: program.warnings,
    visits: [...env.visits],
    logCut: env.log.dropped > 0 || env.plan?.cut === true,
  };
  if (report) result.report = printReport(env, report).trim();
  const states = answerOf(o);
  if (states) result.states = states;
  if (o.verdict === "rejected") {
    result.errno = o.errno;
    result.insn = env.insnIdx;
    if (at) result.source = at;
    if (recorded) {
      const told = (result.explanation = explain(env, result));
      // a check of the whole program left the instruction open; the explanation may know it
      if (!env.walking) {
        result.insn = told.insn;
        if (told.source) result.source = told.source;
      }
    }
  } else if (o.verdict === "unsupported") {
    result.insn = env.insnIdx;
    if (at) result.source = at;
  } else if (o.verdict === "accepted") result.dead = env.aux.map((a, i) => (a.seen ? -1 : i)).filter((i) => i >= 0);
  return result;
}
/** The system call refused: the verifier did not run and wrote no log. */
function withoutVerifier(program: BoundProgram, errno: string): VerifyResult {
  const why = errno === "EPERM" ? `${program.type} programs need CAP_BPF` : "more instructions than a loader without CAP_BPF may load (4096)";
  return {
    verdict: "rejected", errno, message: `BPF_PROG_LOAD: ${errno}: ${why}`, log: "",
    stats: { insns: 0, maxStatesPerInsn: 0, totalStates: 0, peakStates: 0, stackDepths: [], ms: 0 }, warnings: program.warnings, visits: [], logCut: false,
  };
}

/** A defect of ours must not pass for a verdict. */
function internalError(e: unknown, program: BoundProgram, _kernel: Kernel, _options: VerifyOptions): VerifyResult {
  const what = e instanceof Error ? `${e.name}: ${e.message}` : String(e);
  return {
    verdict: "unsupported", message: `internal error of the simulated verifier: ${what}`, log: e instanceof Error ? (e.stack ?? "") : "",
    stats: { insns: 0, maxStatesPerInsn: 0, totalStates: 0, peakStates: 0, stackDepths: [], ms: 0 }, warnings: program.warnings, visits: [], logCut: false,
  };
}
