/** Can the program attach where it wants to, and what prototype does that give it? (kernel check_attach_btf_id, bpf_check_attach_target) */
import { type Btf, BtfKind, type BtfOf } from "../../btf/types.ts";
import type { Env } from "../state/env.ts";
import type { RetvalRange } from "../state/frame.ts";
import { hasRefArgs } from "../checks/struct-ops-arg.ts";
import { structOpsMemberSupported } from "../checks/kernel-writes.ts";
import { inIdSet } from "../state/id-sets.ts";
import { isBoolLsmHook, isDisabledLsmHook, isSleepableLsmHook } from "./lsm-hooks.ts";

export interface AttachInfo {
  /** prototype of what the program attaches to */
  proto: BtfOf<typeof BtfKind.FUNC_PROTO>;
  btf: Btf;
  /** name of the function, hook or member */
  name: string;
}
/** Stands for whatever functions a program is attached to later (kernel bpf_multi_func_btf_id). */
const MULTI_FUNC = "bpf_multi_func";
const MAX_ERRNO = 4095;
const TRACING_SLEEPABLE = new Set([
  "trace_fentry", "trace_fexit", "modify_return", "trace_iter", "trace_fsession", "trace_raw_tp", "trace_fentry_multi", "trace_fexit_multi", "trace_fsession_multi",
]);
const SYSCALL_PREFIX = "__x64_";
/** What the program attaches to, once checked; undefined for program types without BTF. */
export function attachInfo(env: Env): AttachInfo | undefined {
  return env.passData.get("attach") as AttachInfo | undefined;
}
/** The attach target gives nothing back. */
export function attachReturnsVoid(env: Env): boolean {
  return attachInfo(env)?.proto.ret === 0;
}
/** What an LSM hook may return (kernel bpf_lsm_get_retval_range); null for void hooks. */
export function lsmRetvalRange(env: Env): RetvalRange | null {
  const a = attachInfo(env);
  if (!a || a.proto.ret === 0) return null;
  return isBoolLsmHook(env, a.name) ? { min: 0, max: 1, return32: false } : { min: -MAX_ERRNO, max: 0, return32: false };
}

function canBeSleepable(env: Env): boolean {
  const { type, attachType } = env.prog;
  if (!attachTypeKnown(env)) return false;
  if (type === "tracing") return TRACING_SLEEPABLE.has(attachType ?? "") && (attachType !== "trace_raw_tp" || env.f.sleepable_tracepoints);
  if (type === "lsm") return attachType !== "lsm_cgroup";
  return (type === "kprobe" && env.f.sleepable_kprobes) || (type === "struct_ops" && env.f.sleepable_struct_ops) || (env.f.sleepable_tracepoints && (type === "raw_tracepoint" || type === "tracepoint"));
}

export function checkAttachBtfId(env: Env): void {
  const { prog } = env;
  if (prog.type === "syscall") {
    if (prog.sleepable) return;
    env.fail("EINVAL", "Syscall programs can only be sleepable");
  }
  if (prog.sleepable && !canBeSleepable(env))
    env.fail("EINVAL", env.f.sleepable_tracepoints
      ? "Program of this type cannot be sleepable"
      : sleepableWords(env));
  if (prog.type === "struct_ops") return checkStructOps(env);
  if (prog.type === "tracing" || prog.type === "lsm" || prog.type === "ext") checkTarget(env);
}

function sleepableWords(env: Env): string {
  if (env.f.sleepable_struct_ops) return "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable";
  return env.f.sleepable_kprobes ? "Only fentry/fexit/fmod_ret, lsm, and kprobe/uprobe programs can be sleepable" : "Only fentry/fexit/fmod_ret and lsm programs can be sleepable";
}

function checkStructOps(env: Env): void {
  const { prog } = env;
  if (!prog.gplCompatible) env.fail("EINVAL", "struct ops programs must have a GPL compatible license");
  if (env.f.struct_ops_by_btf && !prog.attachBtfId) env.failSilently("ENOTSUPP");
  const btf = prog.attachBtf;
  const t = btf?.type(prog.attachBtfId);
  if (!btf || t?.kind !== BtfKind.STRUCT) env.fail("ENOTSUPP", `attach_btf_id ${prog.attachBtfId} is not a supported struct`);
  const member = t.members[prog.structOpsMember?.memberIndex ?? -1];
  if (!member) env.fail("EINVAL", `attach to invalid member idx ${prog.structOpsMember?.memberIndex ?? 0} of struct ${t.name}`);
  const ptr = btf.resolve(member.type);
  const proto = ptr?.kind === BtfKind.PTR ? btf.resolve(ptr.type) : undefined;
  if (proto?.kind !== BtfKind.FUNC_PROTO) env.fail("EINVAL", `attach to invalid member ${member.name}(@idx ${prog.structOpsMember?.memberIndex ?? 0}) of struct ${t.name}`);
  if (!structOpsMemberSupported(t.name, member.name, prog.sleepable)) env.fail("ENOTSUPP", `attach to unsupported member ${member.name} of struct ${t.name}`);
  if (hasRefArgs(env) && env.subprogs.some((s) => s.hasTailCall)) env.fail("EINVAL", "program with __ref argument cannot tail call");
  env.passData.set("attach", { proto, btf, name: member.name } satisfies AttachInfo);
}

const attachTypeKnown = (env: Env): boolean => env.prog.attachType === null || env.kernel.manifest.attachTypes.some((t) => t.name === env.prog.attachType);

function checkTarget(env: Env): void {
  const { prog } = env;
  if (!prog.attachBtfId) env.fail("EINVAL", "Tracing programs must provide btf_id");
  const btf = prog.attachBtf;
  if (!btf) env.fail("EINVAL", "Tracing program can only be attached to another program annotated with BTF");
  const t = btf.type(prog.attachBtfId);
  if (!t) env.fail("EINVAL", `attach_btf_id ${prog.attachBtfId} is invalid`);
  if (prog.type === "ext") env.fail("EINVAL", "Cannot replace kernel functions");
  const { attachType } = prog;
  if (!attachTypeKnown(env)) env.failSilently("EINVAL");
  if (attachType === "trace_raw_tp") return rawTracepoint(env, btf, prog.attachBtfId);
  if (t.kind !== BtfKind.FUNC) env.fail("EINVAL", `attach_btf_id ${prog.attachBtfId} is not a function`);
  const proto = btf.type(t.type);
  if (proto?.kind !== BtfKind.FUNC_PROTO) env.failSilently("EINVAL");
  env.passData.set("attach", { proto, btf, name: t.name } satisfies AttachInfo);
  if (attachType === "trace_iter") return;
  if (env.kernel.manifest.functionsWithoutAddress?.[btf.name === "vmlinux" ? "" : btf.name]?.includes(t.name) && t.name !== MULTI_FUNC) env.fail("ENOENT", `The address of function ${t.name} cannot be found`);
  if (prog.sleepable && !sleepableTarget(env, t.name)) env.fail("EINVAL", `${t.name} is not sleepable`);
  if (!prog.sleepable && attachType === "modify_return" && !modifiable(env, t.name)) env.fail("EINVAL", `${t.name}() is not modifiable`);
  if (prog.type === "lsm") {
    if (!prog.gplCompatible) env.fail("EINVAL", "LSM programs must have a GPL compatible license");
    if (isDisabledLsmHook(env, t.name)) env.fail("EINVAL", `attach_btf_id ${prog.attachBtfId} points to disabled hook ${t.name}`);
    if (!t.name.startsWith("bpf_lsm_")) env.fail("EINVAL", `attach_btf_id ${prog.attachBtfId} points to wrong type name ${t.name}`);
  } else if (inIdSet(env.kernel, "btf_id_deny", t.name)) {
    if (env.f.attach_deny_message) env.fail("EINVAL", `Attaching tracing programs to function '${t.name}' is rejected.`);
    env.failSilently("EINVAL");
  } else if (inIdSet(env.kernel, "noreturn_deny", t.name) && (attachType === "trace_fexit" || attachType === "trace_fsession" || attachType === "trace_fsession_multi" || attachType === "modify_return")) {
    env.fail("EINVAL", env.f.sleepable_tracepoints
      ? `Attaching fexit/fsession/fmod_ret to __noreturn function '${t.name}' is rejected.`
      : `Attaching fexit/fmod_ret to __noreturn function '${t.name}' is rejected.`);
  }
}
/**
 * Functions whose errors may be injected. The list is in the kernel's image only with CONFIG_FUNCTION_ERROR_INJECTION, which
 * Debian leaves out; then nothing is on it, and since 7.1 system calls count by their prefix.
 */
function errorInjectable(env: Env, name: string): boolean {
  if (env.kernel.config("CONFIG_FUNCTION_ERROR_INJECTION")) return env.unsupported("kernels with CONFIG_FUNCTION_ERROR_INJECTION: their list of functions is not known");
  return env.f.syscalls_by_prefix && name.startsWith(SYSCALL_PREFIX);
}
function sleepableTarget(env: Env, name: string): boolean {
  if (env.prog.type === "lsm") return isSleepableLsmHook(env, name);
  return name === MULTI_FUNC || errorInjectable(env, name) || (env.kernel.kfunc(name)?.flags.includes("KF_SLEEPABLE") ?? false);
}
function modifiable(env: Env, name: string): boolean {
  return name.startsWith("security_") || errorInjectable(env, name) || env.kernel.kfunc(name) !== undefined;
}

/** The function a tracepoint calls has one argument more than its handlers see. */
function rawTracepoint(env: Env, btf: Btf, id: number): void {
  const t = btf.type(id);
  if (t?.kind !== BtfKind.TYPEDEF) return env.fail("EINVAL", `attach_btf_id ${id} is not a typedef`);
  if (!t.name.startsWith("btf_trace_")) env.fail("EINVAL", `attach_btf_id ${id} points to wrong type name ${t.name}`);
  const name = t.name.slice("btf_trace_".length);
  if (env.prog.sleepable && !name.startsWith("sys_")) env.fail("EINVAL", `Sleepable program cannot attach to non-faultable tracepoint ${name}`);
  let proto = undefined as ReturnType<Btf["type"]>;
  const template = env.f.raw_tp_template ? btf.find(BtfKind.FUNC, `__bpf_trace_${name}`) : undefined;
  if (template !== undefined) {
    const f = btf.type(template);
    if (f?.kind === BtfKind.FUNC) proto = btf.type(f.type);
  }
  if (!proto) {
    const ptr = btf.type(t.type);
    if (ptr?.kind === BtfKind.PTR) proto = btf.type(ptr.type);
  }
  if (proto?.kind !== BtfKind.FUNC_PROTO) return env.failSilently("EINVAL");
  env.passData.set("attach", { proto, btf, name } satisfies AttachInfo);
}
