import { expect, it } from "vitest";
import { BtfKind, type BtfType } from "../../../src/btf/types.ts";
import { functionsWithoutAddress } from "./extract.ts";
import { Symbols } from "./memory.ts";

const func = (id: number, name: string): BtfType => ({ kind: BtfKind.FUNC, id, name, type: 0, linkage: 1 });
const types: BtfType[] = [func(1, "vfs_read"), func(2, "blk_account_io_done"), func(3, "nf_hook"), { kind: BtfKind.VOID, id: 0, name: "" }];
const symbols = new Symbols(["ffffffff81000000 D init_top_pgt", "ffffffff81234560 T vfs_read", "ffffffff81300000 t blk_account_io_done.part.0", "ffffffffa0000000 t nf_hook\t[nf]"].join("\n"));

it("names the functions that only BTF has", () => {
  const btf = { count: 4, startId: 1, type: (id: number) => types.find((t) => t.id === id) };
  expect(functionsWithoutAddress(symbols, btf, null)).toEqual(["blk_account_io_done", "nf_hook"]);
  expect(functionsWithoutAddress(symbols, btf, "nf")).toEqual(["blk_account_io_done", "vfs_read"]);
});
