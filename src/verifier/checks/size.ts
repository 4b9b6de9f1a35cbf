import { BPF_B, BPF_H, BPF_W, bpfSize } from "../../isa/table.ts";
/** Bytes a load or store moves. */
export function sizeBytes(code: number): 1 | 2 | 4 | 8 {
  const s = bpfSize(code);
  return s === BPF_B ? 1 : s === BPF_H ? 2 : s === BPF_W ? 4 : 8;
}
