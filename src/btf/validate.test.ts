import { describe, expect, it } from "vitest";
import { kernelBtf } from "../loader/testing/fixtures.ts";
import { OverlayBtf } from "./overlay.ts";
import { BtfKind, type BtfType } from "./types.ts";
import { validateForKernel } from "./validate.ts";

const base = kernelBtf();
/** The kernel's message for one more type; DATASECs of the fixture have no sizes yet and are left out of the count. */
const verdict = (make: (id: number) => BtfType): string | undefined => {
  const btf = new OverlayBtf(base);
  for (let id = 1; id < base.count; id++) {
    const type = base.type(id);
    if (type?.kind === BtfKind.DATASEC) btf.replace(id, { kind: BtfKind.FLOAT, id, name: "float", size: 4 });
  }
  btf.add(make);
  return validateForKernel(btf)?.message.replace(/^\[\d+\] /, "");
};
const int = base.find(BtfKind.INT, "int") ?? 0;
const inner = base.find(BtfKind.STRUCT, "inner") ?? 0;
const member = (name: string, type: number, bitOffset = 0): { name: string; type: number; bitOffset: number; bitfieldSize: number } => ({ name, type, bitOffset, bitfieldSize: 0 });

describe("validateForKernel", () => {
  it("takes what clang makes", () => {
    expect(verdict((id) => ({ kind: BtfKind.STRUCT, id, name: "fine", size: 8, kindFlag: false, members: [member("a", inner), member("b", int, 32)] }))).toBeUndefined();
  });
  it.each<[string, (id: number) => BtfType, string]>([
    ["a name that is none", (id) => ({ kind: BtfKind.STRUCT, id, name: "a b", size: 0, kindFlag: false, members: [] }), "STRUCT a b size=0 vlen=0 Invalid name"],
    ["a typedef without name", (id) => ({ kind: BtfKind.TYPEDEF, id, name: "", type: int }), `TYPEDEF (anon) type_id=${int} Invalid name`],
    ["an enum without size", (id) => ({ kind: BtfKind.ENUM, id, name: "z", size: 0, signed: false, values: [] }), "ENUM z size=0 vlen=0 Unexpected size"],
    ["a member beyond the end", (id) => ({ kind: BtfKind.STRUCT, id, name: "s", size: 2, kindFlag: false, members: [member("m", int)] }), "STRUCT s size=2 vlen=1 m: Member exceeds struct_size"],
    ["members out of order", (id) => ({ kind: BtfKind.STRUCT, id, name: "s", size: 8, kindFlag: false, members: [member("m", int, 32), member("n", int, 0)] }), "STRUCT s size=8 vlen=2 n: Invalid member bits_offset"],
    ["a struct in itself", (id) => ({ kind: BtfKind.ARRAY, id, name: "", elemType: id, indexType: int, nelems: 2 }), "Loop detected"],
    ["an extern variable", (id) => ({ kind: BtfKind.VAR, id, name: "v", type: int, linkage: 2 }), `VAR v type_id=${int} linkage=2 Linkage not supported`],
    ["a section with overlapping variables", (id) => ({ kind: BtfKind.DATASEC, id, name: ".data", size: 8, secinfos: [{ type: int, offset: 0, size: 8 }, { type: int, offset: 4, size: 4 }] }), "DATASEC .data size=8 vlen=2 Invalid offset"],
    ["a tag on nothing", (id) => ({ kind: BtfKind.DECL_TAG, id, name: "t", type: int, componentIdx: -1 }), `DECL_TAG t type=${int} component_idx=-1 Invalid type_id`],
    ["a tag on a member that is not there", (id) => ({ kind: BtfKind.DECL_TAG, id, name: "t", type: inner, componentIdx: 2 }), `DECL_TAG t type=${inner} component_idx=2 Invalid component_idx`],
  ])("refuses %s", (_, make, message) => {
    expect(verdict(make)).toContain(message);
  });
  it("refuses a function with a nameless argument, as the kernel does", () => {
    const btf = new OverlayBtf(base);
    const proto = btf.add((id) => ({ kind: BtfKind.FUNC_PROTO, id, name: "", ret: int, params: [{ name: "", type: int }], variadic: false }));
    const func = btf.add((id) => ({ kind: BtfKind.FUNC, id, name: "f", type: proto, linkage: 1 }));
    for (let id = 1; id < base.count; id++) if (base.type(id)?.kind === BtfKind.DATASEC) btf.replace(id, { kind: BtfKind.FLOAT, id, name: "float", size: 4 });
    expect(validateForKernel(btf)).toEqual({ id: func, errno: "EINVAL", message: `[${func}] FUNC f type_id=${proto} Invalid arg#1` });
  });
});
