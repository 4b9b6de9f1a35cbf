import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { unwrap } from "../../base/result.ts";
import { parseBtf } from "../../btf/parse.ts";
import type { StoredBtf } from "../../btf/stored.ts";
import { parseElf } from "../../elf/parse.ts";

/** Bytes of an object under fixtures/, made by make-fixtures.sh. */
export function fixture(name: "kernel.o" | "features.bpf.o" | "small.bpf.o" | "percpu.bpf.o" | "ksyms.bpf.o"): Uint8Array {
  return new Uint8Array(readFileSync(fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))));
}

/** The made-up kernel's BTF. */
export function kernelBtf(): StoredBtf {
  const elf = unwrap(parseElf(fixture("kernel.o")));
  return unwrap(parseBtf(elf.section(".BTF")?.data ?? new Uint8Array(0), { name: "vmlinux" }));
}

/** Its configuration. */
export const KERNEL_CONFIG = { CONFIG_MY_BOOL: "y", CONFIG_MY_HZ: "250", CONFIG_MY_NAME: '"abc"' };

/** Numbers 0 … 2^32-1, the same for the same seed (xorshift32). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
