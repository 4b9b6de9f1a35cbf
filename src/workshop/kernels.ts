import type { KernelName, Workshop } from "./types.ts";

/** "7.2" or "7.2+NAME" taken apart; null for anything else. */
export function splitKernelName(name: KernelName): { release: string; lab: string | null } | null {
  const m = /^(\d{1,4}\.\d{1,4})(?:\+([A-Za-z0-9][A-Za-z0-9._-]{0,39}))?$/.exec(name);
  return m ? { release: m[1] ?? "", lab: m[2] ?? null } : null;
}

/** The release and the custom kernel's JSON text (or null) that a kernel's name in this workshop stands for; null when it stands for none. */
export function kernelOf(workshop: Pick<Workshop, "labs">, name: KernelName): { release: string; overlay: string | null } | null {
  const parts = splitKernelName(name);
  if (!parts) return null;
  if (parts.lab === null) return { release: parts.release, overlay: null };
  return Object.hasOwn(workshop.labs, parts.lab) ? { release: parts.release, overlay: workshop.labs[parts.lab] ?? null } : null;
}

/** The name under which a step's own kernel goes. */
export const ownKernel = (step: { kernel: string; lab: string | null }): KernelName => (step.lab === null ? step.kernel : `${step.kernel}+${step.lab}`);
