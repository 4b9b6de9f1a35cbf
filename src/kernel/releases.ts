import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { nearestNames } from "./nearest.ts";
import type { KernelIndex, KernelIndexEntry } from "./types.ts";

export interface ReleaseNumber { major: number; minor: number; patch: number }

/** Reads "7.2", "7.2.12" or "7.2.12+deb13-amd64"; a missing patch level is 0. Undefined when it does not begin so. */
export function parseRelease(text: string): ReleaseNumber | undefined {
  const match = /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?![\d.])/.exec(text);
  if (!match) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0) };
}

/** Orders two releases by major and minor number, as features and removal dates do: negative when a is older. Throws on a text that is no release (a defect: callers have parsed it). */
export function compareSeries(a: string, b: string): number {
  const x = parseRelease(a);
  const y = parseRelease(b);
  if (!x || !y) throw new Error(`not a kernel release: ${x ? b : a}`);
  return x.major - y.major || x.minor - y.minor;
}

/** Reads public/kernels/index.json. The error says what is wrong with the text. */
export function parseIndex(text: string): Result<KernelIndex, string> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return err("the list of kernels (kernels/index.json) is not JSON");
  }
  const index = data as KernelIndex;
  if (typeof data !== "object" || data === null || index.schema !== 1 || !Array.isArray(index.kernels)) {
    return err("the list of kernels (kernels/index.json) does not have schema 1");
  }
  for (const entry of index.kernels as readonly Partial<KernelIndexEntry>[]) {
    const good =
      typeof entry === "object" && entry !== null && typeof entry.kernel === "string" && parseRelease(entry.kernel) !== undefined &&
      typeof entry.release === "string" && typeof entry.file === "string" && /^[\w.+-]+$/.test(entry.file);
    if (!good) return err(`the list of kernels (kernels/index.json) has a damaged entry: ${JSON.stringify(entry)?.slice(0, 80)}`);
  }
  const kernels = [...index.kernels].sort((a, b) => compareSeries(a.kernel, b.kernel));
  return ok({ schema: 1, kernels });
}

/** Takes "all", "7.2" or "6.12,7.2" apart; the kernels come in the order asked for, "all" oldest first. An unknown one is an error naming those there are. */
export function selectKernels(spec: string, index: KernelIndex): Result<readonly string[], string> {
  const known = index.kernels.map((k) => k.kernel);
  if (spec === "all") return ok(known);
  const chosen: string[] = [];
  for (const part of spec.split(",").map((s) => s.trim())) {
    if (part === "") return err(`an empty kernel in "${spec}"`);
    const byName = index.kernels.find((k) => k.kernel === part || k.release === part);
    if (!byName) {
      const near = nearestNames(part, known, 1);
      const hint = near.length > 0 ? ` (nearest: ${near.join(", ")})` : "";
      return err(`no kernel "${part}"${hint}; there are: ${known.join(", ")}`);
    }
    if (!chosen.includes(byName.kernel)) chosen.push(byName.kernel);
  }
  return ok(chosen);
}

/** The newest kernel of the index: what is used when none is named. */
export function newestKernel(index: KernelIndex): string | undefined {
  return index.kernels.at(-1)?.kernel;
}
