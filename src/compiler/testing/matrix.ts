import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CompileRequest, Mcpu, OptLevel } from "../types.ts";

export const TESTDATA = join(import.meta.dirname, "../testdata");

export interface Combination {
  opt: OptLevel;
  debug: boolean;
  mcpu: Mcpu;
}

const OPTS: readonly OptLevel[] = ["-O0", "-O1", "-O2", "-Os"];
const MCPUS: readonly Mcpu[] = ["v1", "v2", "v3", "v4"];

/** Every optimisation level × instruction set × with and without -g. */
export const ALL_COMBINATIONS: readonly Combination[] = OPTS.flatMap((opt) => MCPUS.flatMap((mcpu) => [true, false].map((debug) => ({ opt, debug, mcpu }))));

/** Seven of them, with every level, every instruction set and no -g among them; MATRIX=all asks for all. */
export const QUICK_COMBINATIONS: readonly Combination[] = ALL_COMBINATIONS.filter(({ opt, debug, mcpu }) => {
  const sum = OPTS.indexOf(opt) + MCPUS.indexOf(mcpu);
  return debug ? sum % 4 === 3 || (opt === "-O2" && mcpu === "v3") : sum % 4 === 1 && opt !== "-O0" && opt !== "-Os";
});

export function combinationName(c: Combination): string {
  return `${c.opt} ${c.debug ? "-g" : "no -g"} ${c.mcpu}`;
}

export function programNames(): string[] {
  return readdirSync(TESTDATA).filter((name) => name.endsWith(".bpf.c")).sort();
}

/** The request for one program of testdata; all share one small vmlinux.h and one header of their own. */
export function requestFor(name: string, combination: Combination): CompileRequest {
  return {
    files: { [name]: readFileSync(join(TESTDATA, name), "utf8"), "shared/event.h": readFileSync(join(TESTDATA, "shared/event.h"), "utf8") },
    mainFiles: [name],
    kernel: { key: "testdata", vmlinuxH: readFileSync(join(TESTDATA, "vmlinux.h"), "utf8") },
    ...combination,
  };
}

/** testdata/native.json: what native clang makes of each; null where it refuses the program. */
export interface NativeRecord {
  /** "Debian clang version 22.1.8 …" */
  clang: string;
  /** program → combination → "exact anyForwardOrder forwards" of objectDigest */
  programs: Record<string, Record<string, string | null>>;
}
