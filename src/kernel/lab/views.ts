import { ok } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import type { Kernel } from "../types.ts";

/**
 * The kernel as a program of that API version sees it; kernels without API versions show everyone the same. The error
 * names the program's version and the kernel's.
 */
export function kernelFor(kernel: Kernel, apiVersion: number): Result<Kernel, string> {
  const api = kernel.policy?.api;
  if (!api || api.shown === apiVersion) return ok(kernel);
  return api.at(apiVersion);
}
