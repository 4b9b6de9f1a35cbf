import {
  BPF_CALL, BPF_JMP, BPF_PSEUDO_BTF_ID, BPF_PSEUDO_KFUNC_CALL, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE, OP_LD_IMM64,
} from "../isa/table.ts";
import type { Insn } from "../isa/types.ts";
import type { Layout } from "./layout.ts";
import { EINVAL } from "./refusal.ts";
import type { ResolvedExtern } from "./resolve-externs.ts";
import { indexOfModule, type LoadSession } from "./session.ts";
import type { BoundMap } from "./types.ts";
import { PAGE_SIZE, POISON_CALL_KFUNC_BASE, POISON_LDIMM64_MAP_BASE, UNOPENED_FD_BASE, mapTypeId } from "./uapi.ts";

/**
 * Puts maps, global variables, externs and jump tables into the code (libbpf bpf_object__relocate_data). `mapIndex` gives
 * the place of an object's map in `maps`, or -1 when it is not created; jump tables are added to `maps`.
 */
export function relocateData(session: LoadSession, layout: Layout, externs: readonly ResolvedExtern[], maps: BoundMap[], mapIndex: (map: number) => number): void {
  const { object, log } = session;
  const jumpTables = new Map<number, number>();
  const main = layout.parts[0]?.func.name ?? "";
  keepFileDescriptors(layout);
  for (const { at, reloc, part, index } of layout.relocs) {
    const first = layout.insns[at] as Insn;
    const second = layout.insns[at + 1];
    switch (reloc.kind) {
      case "map":
      case "data": {
        if (!second) break;
        const target = mapIndex(reloc.map);
        if (target < 0) {
          for (const slot of [at, at + 1]) layout.insns[slot] = poisonedCall(POISON_LDIMM64_MAP_BASE + reloc.map);
          break;
        }
        if (reloc.kind === "data") {
          second.imm = (first.imm + reloc.symOff + (reloc.map === object.arenaMap ? arenaOffset(session) : 0)) | 0;
          first.src = BPF_PSEUDO_MAP_VALUE;
        } else {
          first.src = BPF_PSEUDO_MAP_FD;
        }
        first.imm = target;
        break;
      }
      case "extern_ld64": {
        if (!second) break;
        const found = externs[reloc.ext];
        if (found?.kind === "kconfig") {
          first.src = BPF_PSEUDO_MAP_VALUE;
          first.imm = mapIndex(object.kconfigMap);
          second.imm = found.offset;
        } else if (found?.kind === "btf") {
          first.src = BPF_PSEUDO_BTF_ID;
          first.imm = found.id;
          second.imm = indexOfModule(session, found.module);
        } else {
          const address = found?.kind === "address" ? found.address : 0n;
          first.imm = Number(BigInt.asIntN(32, address));
          second.imm = Number(BigInt.asIntN(32, address >> 32n));
        }
        break;
      }
      case "extern_call": {
        const found = externs[reloc.ext];
        if (found?.kind === "btf") {
          first.src = BPF_PSEUDO_KFUNC_CALL;
          first.imm = found.id;
          first.off = indexOfModule(session, found.module);
        } else {
          layout.insns[at] = poisonedCall(POISON_CALL_KFUNC_BASE + reloc.ext);
        }
        break;
      }
      case "jump_table": {
        let map = jumpTables.get(reloc.symOff);
        if (map === undefined) {
          const made = jumpTable(session, layout, at, part.secInsnOff, reloc);
          if (typeof made === "string") {
            log.warn(made);
            log.warn(`prog '${main}': relo #${index}: can't create jump table: sym_off ${reloc.symOff}`);
            log.warn(`prog '${main}': failed to relocate data references: ${EINVAL}`);
            return log.refuseWith(made, { stage: "relocate", errno: EINVAL });
          }
          map = maps.length;
          maps.push({ ...made, index: map });
          jumpTables.set(reloc.symOff, map);
        }
        first.src = BPF_PSEUDO_MAP_VALUE;
        first.imm = map;
        first.off = 0;
        break;
      }
    }
  }
}

/** Maps that the code names by a file descriptor of its own, without a relocation: no place in `maps` (UNOPENED_FD_BASE). */
function keepFileDescriptors(layout: Layout): void {
  const relocated = new Set(layout.relocs.map((r) => r.at));
  layout.insns.forEach((insn, at) => {
    if (insn.code === OP_LD_IMM64 && (insn.src === BPF_PSEUDO_MAP_FD || insn.src === BPF_PSEUDO_MAP_VALUE) && !relocated.has(at)) insn.imm = UNOPENED_FD_BASE + insn.imm;
  });
}

function poisonedCall(imm: number): Insn {
  return { code: BPF_JMP | BPF_CALL, dst: 0, src: 0, off: 0, imm };
}

/** Globals stand at the arena's end where the kernel takes such offsets. */
function arenaOffset(session: LoadSession): number {
  const arena = session.object.maps[session.object.arenaMap];
  if (!arena || !session.kernel.has("ldimm64_full_range_off")) return 0;
  return PAGE_SIZE * arena.spec.maxEntries - Math.ceil(session.object.arenaDataSize / PAGE_SIZE) * PAGE_SIZE;
}

/** The instruction array of one `gotox` (libbpf create_jt_map), or what is wrong with it. */
function jumpTable(session: LoadSession, layout: Layout, at: number, sectionStart: number, reloc: { symOff: number; symSize: number }): Omit<BoundMap, "index"> | string {
  const bytes = session.object.jumpTables;
  const { symOff, symSize } = reloc;
  if (symOff % 8 !== 0) return `map '.jumptables': jumptable start ${symOff} should be multiple of 8`;
  if (symSize % 8 !== 0) return `map '.jumptables': jumptable size ${symSize} should be multiple of 8`;
  const type = session.kernel.manifest.mapTypes.find((one) => one.name === "insn_array");
  if (!type?.supported) return "map '.jumptables': the kernel has no maps of type insn_array";
  if (!bytes) return "map '.jumptables': ELF file is missing jump table data";
  if (symOff + symSize > bytes.length) return `map '.jumptables': jumptables_data size is ${bytes.length}, trying to access ${symOff + symSize}`;
  const place = layout.parts.findLast((one) => one.at <= at)?.at ?? 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset + symOff, symSize);
  const entries = symSize / 8;
  const data = new Uint8Array(16 * entries);
  const out = new DataView(data.buffer);
  for (let i = 0; i < entries; i++) {
    const raw = view.getBigUint64(8 * i, true);
    const insn = raw / 8n - BigInt(sectionStart) + BigInt(place);
    if (insn < 0n || insn > 0xffff_ffffn) return `map '.jumptables': invalid jump table value 0x${raw.toString(16)} at offset ${symOff + 8 * i}`;
    out.setUint32(16 * i, Number(insn), true);
  }
  return {
    name: ".jumptables", section: ".jumptables", type: "insn_array", typeId: mapTypeId("insn_array"), keySize: 4, valueSize: 16, maxEntries: entries,
    flags: 0, mapExtra: 0n, keyTypeId: 0, valueTypeId: 0, initialData: data, readonly: true,
  };
}
