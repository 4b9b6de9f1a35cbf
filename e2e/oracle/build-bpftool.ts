/**
 * bpftool from the newest kernel sources: the one in an older Debian doesn't print kfunc prototypes into vmlinux.h.
 * Built outside the tree, in `.cache/oracle/`.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./cache.ts";
import { libbpfSeries } from "./build-runner.ts";
import { fetchSource } from "./sources.ts";

/** Path of the bpftool program (its bootstrap build: `btf` and `gen`), built on first use. */
export function buildBpftool(): string {
  const out = cacheFolder("oracle", `bpftool-${libbpfSeries}`);
  const path = join(out, "bootstrap", "bpftool");
  if (!existsSync(path)) {
    const folder = join(fetchSource(libbpfSeries), "tools/bpf/bpftool");
    execFileSync("make", ["-s", "-C", folder, `OUTPUT=${out}/`, "bootstrap"], { stdio: ["ignore", "ignore", "inherit"] });
  }
  return path;
}
