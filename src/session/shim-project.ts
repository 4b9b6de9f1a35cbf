/** A shim's plan put into a project's files. */
import type { ShimPlan } from "../kernel/shim-types.ts";

/** The files with the header added and included in the main file; the same files when nothing has to be wrapped. */
export function applyShim(files: Readonly<Record<string, string>>, main: string, plan: Pick<ShimPlan, "header" | "file" | "includeAfter">): Readonly<Record<string, string>> {
  if (plan.header === "" || plan.includeAfter === null) return files;
  const folder = main.includes("/") ? main.slice(0, main.lastIndexOf("/") + 1) : "";
  const include = `#include "${plan.file}"`;
  const text = files[main] ?? "";
  const lines = text.split("\n");
  // Made again after a change of the range: the header is written anew, the line is there already.
  if (!lines.includes(include)) lines.splice(plan.includeAfter, 0, include);
  return { ...files, [main]: lines.join("\n"), [`${folder}${plan.file}`]: plan.header };
}

/** Whether a text includes a shim already: what its object calls is then the shim's doing too. */
export function includesShim(text: string): boolean {
  return /^[ \t]*#[ \t]*include[ \t]+"(?:[^"\n]*\/)?kernel_shim\.h"/m.test(text);
}

/** "6.1..7.3" → every kernel of the list from one to the other, both included; undefined when it is no such range. */
export function kernelRange(spec: string, kernels: readonly string[]): readonly string[] | undefined {
  const [from, to, more] = spec.split("..");
  if (from === undefined || to === undefined || more !== undefined) return undefined;
  const a = kernels.indexOf(from);
  const b = kernels.indexOf(to);
  return a < 0 || b < a ? undefined : kernels.slice(a, b + 1);
}
