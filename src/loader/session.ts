import type { Kernel } from "../kernel/types.ts";
import type { Btf } from "../btf/types.ts";
import type { ObjectInternals } from "./internals.ts";
import { ESRCH, type LoadLog } from "./refusal.ts";

/** One load of an object on one kernel: what the steps of libbpf's bpf_object_prepare share. */
export interface LoadSession {
  object: ObjectInternals;
  kernel: Kernel;
  log: LoadLog;
  /** module of each index that a kfunc call's off or a BTF load's second slot carries; [0] is vmlinux */
  moduleIndex: (string | null)[];
}

/** The kernel's BTF; a kernel without it ends the load as libbpf does (btf__load_vmlinux_btf). */
export function vmlinuxBtf(session: LoadSession): Btf {
  const { kernel, log } = session;
  if (kernel.btf) return kernel.btf;
  log.warn("kernel BTF is missing at '/sys/kernel/btf/vmlinux', was CONFIG_DEBUG_INFO_BTF enabled?");
  log.warn("failed to find valid kernel BTF");
  return log.refuse(`Error loading vmlinux BTF: ${ESRCH}`, { stage: "resolve", errno: ESRCH, subject: { kind: "btf", name: "vmlinux" } });
}

/** BTF of modules; none on kernels that cannot give it to user space. */
export function moduleBtfs(session: LoadSession): readonly (readonly [string, Btf])[] {
  return session.kernel.has("module_btf") ? [...session.kernel.modules] : [];
}

/** Index under which programs refer to a module; vmlinux is 0. */
export function indexOfModule(session: LoadSession, module: string | null): number {
  const known = session.moduleIndex.indexOf(module);
  if (known >= 0) return known;
  session.moduleIndex.push(module);
  return session.moduleIndex.length - 1;
}
