import type { BtfId } from "../base/brand.ts";
import { essentialName } from "../btf/core-names.ts";
import { BtfKind, type Btf, type BtfOf } from "../btf/types.ts";
import type { Func, LoaderMap } from "./internals.ts";
import { EINVAL, ENOTSUP, ESRCH } from "./refusal.ts";
import { findKsym } from "./resolve-externs.ts";
import type { LoadSession } from "./session.ts";

/** What a struct_ops program implements on this kernel. */
export interface StructOpsTarget { typeName: string; typeId: BtfId; btf: Btf; module: string | null; member: string; memberIndex: number }
/** A struct_ops map as this kernel takes it. */
export interface KernelStructOps { valueSize: number; /** struct bpf_struct_ops_NAME */ valueTypeId: BtfId; value: Uint8Array; btf: Btf }

export interface StructOpsBinding {
  targets: Map<Func, StructOpsTarget>;
  maps: Map<LoaderMap, KernelStructOps>;
  /** programs whose member the kernel does not have */
  dropped: Set<Func>;
}

/** Matches every struct_ops map that would be created against the kernel's types (libbpf bpf_map__init_kern_struct_ops). */
export function bindStructOps(session: LoadSession): StructOpsBinding {
  const binding: StructOpsBinding = { targets: new Map(), maps: new Map(), dropped: new Set() };
  for (const map of session.object.maps) if (map.structOps && map.autocreate) bindMap(session, map, map.structOps, binding);
  return binding;
}

function bindMap(session: LoadSession, map: LoaderMap, own: NonNullable<LoaderMap["structOps"]>, binding: StructOpsBinding): void {
  const { log, object } = session;
  const btf = object.btf;
  const type = btf?.type(own.typeId);
  if (!btf || type?.kind !== BtfKind.STRUCT) return;
  const name = map.spec.name;
  const subject = { kind: "type" as const, name: essentialName(type.name) };
  const refuse = (line: string, errno = ENOTSUP): never => log.refuse(`struct_ops init_kern ${line}`, { stage: "resolve", errno, subject });
  const kernel = kernelTypes(session, essentialName(type.name), (line, errno) => refuse(line, errno));
  const value = new Uint8Array(kernel.valueType.size);
  for (const [i, member] of type.members.entries()) {
    const size = btf.sizeOf(member.type);
    if (size === undefined) return refuse(`${name}: failed to resolve the size of member ${member.name}`, EINVAL);
    const at = Math.floor(member.bitOffset / 8);
    const program = own.programs[i] ?? null;
    const kernelIndex = kernel.type.members.findIndex((one) => one.name === member.name);
    const kernelMember = kernel.type.members[kernelIndex];
    if (!kernelMember) {
      if (program || own.data.subarray(at, at + size).some((byte) => byte !== 0)) return refuse(`${name}: Cannot find member ${member.name} in kernel BTF`);
      log.warn(`struct_ops ${name}: member ${member.name} not found in kernel, skipping it as it's set to zero`);
      continue;
    }
    if (member.bitfieldSize || kernelMember.bitfieldSize) return refuse(`${name}: bitfield ${member.name} is not supported`);
    const mine = btf.resolve(member.type);
    const theirs = kernel.btf.resolve(kernelMember.type);
    if (mine?.kind !== theirs?.kind) return refuse(`${name}: Unmatched member type ${member.name} ${mine?.kind ?? 0} != ${theirs?.kind ?? 0}(kernel)`);
    if (mine?.kind === BtfKind.PTR && theirs?.kind === BtfKind.PTR) {
      if (!program) continue;
      if (kernel.btf.resolve(theirs.type)?.kind !== BtfKind.FUNC_PROTO) return refuse(`${name}: kernel member ${member.name} is not a func ptr`);
      const before = binding.targets.get(program);
      const prefix = `${name} func ptr ${member.name}: invalid reuse of prog ${program.name} in sec ${program.section} with type 27:`;
      if (before && before.typeId !== kernel.type.id) return refuse(`${prefix} attach_btf_id ${before.typeId} != kern_type_id ${kernel.type.id}`, EINVAL);
      if (before && before.memberIndex !== kernelIndex) return refuse(`${prefix} expected_attach_type ${before.memberIndex} != kern_member_idx ${kernelIndex}`, EINVAL);
      binding.targets.set(program, { typeName: kernel.type.name, typeId: kernel.type.id, btf: kernel.btf, module: kernel.module, member: member.name, memberIndex: kernelIndex });
      continue;
    }
    const kernelSize = theirs && kernel.btf.sizeOf(theirs.id);
    if (kernelSize !== size) return refuse(`${name}: Error in size of member ${member.name}: ${size} != ${kernelSize ?? -22}(kernel)`);
    value.set(own.data.subarray(at, at + size), kernel.dataOffset + Math.floor(kernelMember.bitOffset / 8));
  }
  binding.maps.set(map, { valueSize: kernel.valueType.size, valueTypeId: kernel.valueType.id, value, btf: kernel.btf });
}

interface KernelTypes {
  btf: Btf;
  module: string | null;
  type: BtfOf<typeof BtfKind.STRUCT>;
  valueType: BtfOf<typeof BtfKind.STRUCT>;
  /** bytes from the start of the value type to the struct itself */
  dataOffset: number;
}

/** libbpf find_struct_ops_kern_types */
function kernelTypes(session: LoadSession, name: string, refuse: (line: string, errno: string) => never): KernelTypes {
  const valueName = `bpf_struct_ops_${name}`;
  const found = findKsym(session, valueName, BtfKind.STRUCT);
  const prefix = "struct_ops init_kern:";
  const print = (line: string, errno: string): never => refuse(line.replace(/^struct_ops init_kern/, "").trimStart(), errno);
  if (!found) return session.log.refuse(`${prefix} struct ${valueName} is not found in kernel BTF`, { stage: "resolve", errno: ESRCH, subject: { kind: "type", name } });
  const valueType = found.btf.type(found.id);
  const typeId = found.btf.find(BtfKind.STRUCT, name);
  const type = typeId === undefined ? undefined : found.btf.type(typeId);
  if (type?.kind !== BtfKind.STRUCT || valueType?.kind !== BtfKind.STRUCT) {
    return session.log.refuse(`${prefix} struct ${name} is not found in kernel BTF`, { stage: "resolve", errno: "-ENOENT", subject: { kind: "type", name } });
  }
  const data = valueType.members.find((member) => member.type === type.id);
  if (!data) return print(`: struct ${name} data is not found in struct ${valueName}`, EINVAL);
  return { btf: found.btf, module: found.module, type, valueType, dataOffset: Math.floor(data.bitOffset / 8) };
}
