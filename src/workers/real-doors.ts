import type { Result } from "../base/result.ts";
import { printVmlinuxH } from "../btf/print-c.ts";
import { runProgram } from "../emulator/run.ts";
import { decodePack, openPack } from "../kernel/pack.ts";
import type { Decompress } from "../kernel/pack.ts";
import type { KernelPack } from "../kernel/types.ts";
import { bindProgram } from "../loader/bind.ts";
import { openObject } from "../loader/open.ts";
import { verify } from "../verifier/verify.ts";
import type { Doors } from "./doors.ts";

/** The rooms' own doors; only how packs are decompressed differs between browser and Node. */
export function makeDoors(decompress: Decompress): Doors {
  return {
    openPack: async (bytes): Promise<Result<KernelPack, string>> => {
      const decoded = await decodePack(bytes, decompress);
      return decoded.ok ? openPack(decoded.value) : decoded;
    },
    printVmlinuxH,
    openObject,
    bindProgram,
    verify,
    runProgram,
  };
}
