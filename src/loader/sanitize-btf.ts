import { BTF_GLOBAL, BTF_STATIC } from "../btf/constants.ts";
import { OverlayBtf } from "../btf/overlay.ts";
import { BtfKind, type Btf, type BtfType } from "../btf/types.ts";
import { validateForKernel } from "../btf/validate.ts";
import type { Kernel } from "../kernel/types.ts";
import type { Func } from "./internals.ts";
import type { Errno } from "./refusal.ts";
import type { LoadSession } from "./session.ts";
import { structMetasErrno } from "./struct-metas.ts";

/**
 * The object's BTF as the kernel gets it: hidden functions are static, and kinds that the kernel does not know yet are
 * replaced by ones it does (libbpf bpf_object__sanitize_and_load_btf, bpf_object__sanitize_btf). Ids stay the same.
 */
export function btfForKernel(objectBtf: Btf, funcs: readonly Func[], kernel: Kernel): OverlayBtf {
  return fitFor(kindsOf(kernel), objectBtf, funcs);
}

/**
 * BTF as it is loaded into the kernel; null when the kernel refuses it, which libbpf only minds where the kernel needs it
 * (bpf_object__sanitize_and_load_btf). Programs then go without func_info, line_info and types of maps.
 */
export function loadBtf(session: LoadSession): OverlayBtf | null {
  const { object, kernel, log } = session;
  if (!object.btf) return null;
  const kinds = kindsOf(kernel);
  const key = JSON.stringify(kinds);
  let known = object.kernelBtf.get(key);
  if (!known) {
    const btf = fitFor(kinds, object.btf, object.funcs);
    object.kernelBtf.set(key, (known = { btf, refusal: validateForKernel(btf) }));
  }
  const metas = kernel.has("btf_records") && !known.refusal ? structMetasErrno(known.btf) : undefined;
  if (!known.refusal && !metas) return new OverlayBtf(known.btf);
  const errno: Errno = `-${known.refusal?.errno ?? metas ?? "EINVAL"}`;
  if (known.refusal) log.warn(known.refusal.message);
  if (!object.hasStructOps) {
    log.warn(`Error loading .BTF into kernel: ${errno}. BTF is optional, ignoring.`);
    return null;
  }
  return log.refuse(`Error loading .BTF into kernel: ${errno}. BTF is mandatory, can't proceed.`, { stage: "resolve", errno, subject: { kind: "btf", name: ".BTF" } });
}

interface Kinds { float: boolean; declTag: boolean; typeTag: boolean; enum64: boolean; qmark: boolean }

function kindsOf(kernel: Kernel): Kinds {
  return {
    float: kernel.has("btf_float"), declTag: kernel.has("btf_decl_tag"), typeTag: kernel.has("btf_type_tag"), enum64: kernel.has("btf_enum64"),
    qmark: kernel.has("btf_qmark_datasec"),
  };
}

function fitFor(kinds: Kinds, objectBtf: Btf, funcs: readonly Func[]): OverlayBtf {
  const btf = new OverlayBtf(objectBtf);
  const hidden = new Set(funcs.filter((func) => func.markStatic && func.isSubprog).map((func) => func.name));
  let placeholder = 0;
  const count = btf.count;
  for (let id = 1; id < count; id++) {
    const type = btf.type(id);
    if (!type) continue;
    if (type.kind === BtfKind.FUNC && type.linkage === BTF_GLOBAL && hidden.has(type.name)) {
      hidden.delete(type.name);
      btf.replace(id, { ...type, linkage: BTF_STATIC });
      continue;
    }
    if (type.kind === BtfKind.ENUM64 && !kinds.enum64 && placeholder === 0) {
      placeholder = btf.add((own) => ({ kind: BtfKind.INT, id: own, name: "enum64_placeholder", size: 1, bits: 8, bitOffset: 0, signed: false, char: false, bool: false }));
    }
    const other = replacement(type, kinds, placeholder);
    if (other) btf.replace(id, other);
  }
  return btf;
}

function replacement(type: BtfType, has: Kinds, placeholder: number): BtfType | undefined {
  const { id } = type;
  switch (type.kind) {
    case BtfKind.DECL_TAG:
      return has.declTag ? undefined : { kind: BtfKind.INT, id, name: type.name, size: 1, bits: 8, bitOffset: 0, signed: false, char: false, bool: false };
    case BtfKind.DATASEC:
      return has.qmark || !type.name.startsWith("?") ? undefined : { ...type, name: `_${type.name.slice(1)}` };
    case BtfKind.FLOAT:
      return has.float ? undefined : { kind: BtfKind.STRUCT, id, name: "", size: type.size, members: [], kindFlag: false };
    case BtfKind.TYPE_TAG:
      return has.typeTag ? undefined : { kind: BtfKind.CONST, id, name: "", type: type.type };
    case BtfKind.ENUM:
      return has.enum64 || !type.signed ? undefined : { ...type, signed: false, values: type.values.map((value) => ({ ...value, value: BigInt.asUintN(32, value.value) })) };
    case BtfKind.ENUM64:
      if (has.enum64) return undefined;
      return { kind: BtfKind.UNION, id, name: type.name, size: type.size, kindFlag: false, members: type.values.map((value) => ({ name: value.name, type: placeholder, bitOffset: 0, bitfieldSize: 0 })) };
    default:
      return undefined;
  }
}
