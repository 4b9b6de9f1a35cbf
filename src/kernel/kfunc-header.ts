import { functionSignature } from "./c-signature.ts";
import { LAB_MODULE } from "./overlay.ts";
import type { Kernel } from "./types.ts";

/** C declarations of the kfuncs that an overlay brought or changed, to follow the kernel's own vmlinux.h; "" when there are none. */
export function declarationsOf(kernel: Kernel): string {
  const btf = kernel.modules.get(LAB_MODULE);
  if (!kernel.policy || !btf) return "";
  const lines: string[] = [];
  for (const kfunc of kernel.manifest.kfuncs) {
    if (kfunc.module !== LAB_MODULE) continue;
    const signature = functionSignature(btf, kfunc.btfId);
    if (signature !== undefined) lines.push(`extern ${signature} __attribute__((weak)) __attribute__((section(".ksyms")));`);
  }
  if (lines.length === 0) return "";
  return ["", `#ifndef BPF_NO_KFUNC_PROTOTYPES /* kfuncs of ${kernel.name} */`, ...lines, "#endif", ""].join("\n");
}
