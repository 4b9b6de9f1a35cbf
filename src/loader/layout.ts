import { BtfKind, type Btf } from "../btf/types.ts";
import { BTF_GLOBAL } from "../btf/constants.ts";
import type { ExtSection } from "../btf/ext.ts";
import { isPseudoFunc } from "../isa/insn.ts";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, OP_CALL } from "../isa/table.ts";
import type { Insn } from "../isa/types.ts";
import { funcAt, type Func, type Reloc } from "./internals.ts";
import { EINVAL, ENOENT, RELOC } from "./refusal.ts";
import type { LoadSession } from "./session.ts";
import type { FuncInfo, LineInfo } from "./types.ts";

/** A program with the subprograms it reaches behind it. Indexes count slots of the whole. */
export interface Layout {
  insns: Insn[];
  /** in the order they were appended; the program itself first */
  parts: { func: Func; at: number }[];
  relocs: { part: Func; at: number; reloc: Reloc; index: number }[];
  funcInfo: FuncInfo[];
  lineInfo: LineInfo[];
}

const MAX_DEPTH = 10_000;

/**
 * Appends each subprogram on its first call, depth first, and points calls and function addresses at where they now
 * stand (libbpf bpf_object__relocate_calls, bpf_prog_assign_exc_cb). `code` gives a function's slots after CO-RE.
 */
export function layOut(session: LoadSession, main: Func, code: (func: Func) => readonly Insn[]): Layout {
  const builder = new Builder(session, main, code);
  builder.append(main);
  builder.relocate(main);
  const callback = exceptionCallback(session, main);
  if (callback && !builder.has(callback)) {
    builder.append(callback);
    builder.relocate(callback);
  }
  return builder.layout;
}

class Builder {
  readonly layout: Layout = { insns: [], parts: [], relocs: [], funcInfo: [], lineInfo: [] };
  private readonly session: LoadSession;
  private readonly main: Func;
  private readonly code: (func: Func) => readonly Insn[];
  private readonly places = new Map<Func, number>();
  private readonly relocs = new Map<Func, Map<number, Reloc>>();
  private funcInfoLost = false;
  private lineInfoLost = false;

  constructor(session: LoadSession, main: Func, code: (func: Func) => readonly Insn[]) {
    this.session = session;
    this.main = main;
    this.code = code;
  }

  has(func: Func): boolean {
    return this.places.has(func);
  }

  append(func: Func): void {
    const at = this.layout.insns.length;
    this.places.set(func, at);
    this.layout.parts.push({ func, at });
    for (const insn of this.code(func)) this.layout.insns.push({ ...insn });
    for (const reloc of func.relocs) {
      if (reloc.kind === "subprog_addr") {
        const insn = this.layout.insns[at + reloc.insn];
        if (insn) insn.src = BPF_PSEUDO_FUNC;
      }
      this.layout.relocs.push({ part: func, at: at + reloc.insn, reloc, index: this.layout.relocs.length });
    }
  }

  /** Follows the calls of an appended function, in an explicit stack: a hostile object may nest thousands deep. */
  relocate(first: Func): void {
    const stack = [{ func: first, insn: 0 }];
    this.info(first);
    while (stack.length > 0) {
      const frame = stack[stack.length - 1] as { func: Func; insn: number };
      if (frame.insn >= frame.func.insns.length) {
        stack.pop();
        continue;
      }
      const target = this.relocateInsn(frame.func, frame.insn++);
      if (!target) continue;
      if (stack.length > MAX_DEPTH) this.session.log.refuse(`prog '${frame.func.name}': failed to relocate calls: -ENOMEM`, { stage: "relocate", errno: "-ENOMEM" });
      this.info(target);
      stack.push({ func: target, insn: 0 });
    }
  }

  /** Points one call or function address at its target; returns the target when it was appended just now. */
  private relocateInsn(func: Func, idx: number): Func | undefined {
    const { object, log } = this.session;
    const place = (this.places.get(func) ?? 0) + idx;
    const insn = this.layout.insns[place];
    if (!insn) return undefined;
    const isCall = insn.code === OP_CALL && insn.src === BPF_PSEUDO_CALL && insn.dst === 0 && insn.off === 0;
    if (!isCall && !isPseudoFunc(insn)) return undefined;
    const reloc = this.relocAt(func, idx);
    if (reloc?.kind === "extern_call") return undefined;
    let target: number;
    if (reloc?.kind === "call") target = reloc.symOff / 8 + insn.imm + 1;
    else if (reloc?.kind === "subprog_addr") target = (reloc.symOff + insn.imm) / 8;
    else if (reloc) return log.refuse(`prog '${func.name}': unexpected relo for insn #${idx}, type ${reloc.kind}`, { stage: "relocate", errno: RELOC });
    else if (!isCall) return log.refuse(`prog '${func.name}': missing subprog addr relo for insn #${idx}`, { stage: "relocate", errno: RELOC });
    else target = func.secInsnOff + idx + insn.imm + 1;
    const subprog = funcAt(object.funcs, object.textIndex, target);
    if (!subprog) return log.refuse(`prog '${func.name}': no .text section found yet sub-program call exists`, { stage: "relocate", errno: RELOC });
    const isNew = !this.places.has(subprog);
    if (isNew) this.append(subprog);
    insn.imm = (this.places.get(subprog) as number) - place - 1;
    return isNew ? subprog : undefined;
  }

  private relocAt(func: Func, insn: number): Reloc | undefined {
    let byInsn = this.relocs.get(func);
    if (!byInsn) this.relocs.set(func, (byInsn = new Map(func.relocs.map((reloc) => [reloc.insn, reloc]))));
    return byInsn.get(insn);
  }

  /** Adds the function's own func_info and line_info (libbpf reloc_prog_func_and_line_info). */
  private info(func: Func): void {
    const { object, log } = this.session;
    const { ext, rawBtf } = object;
    if (!ext || !rawBtf) return;
    const isMain = func === this.main;
    const missing = (what: string, some: boolean): boolean => {
      if (some) log.refuse(`prog '${func.name}': missing .BTF.ext ${what} info.`, { stage: "relocate", errno: ENOENT });
      const short = what === "function" ? "func" : what;
      log.warn(`prog '${func.name}': missing .BTF.ext ${what} info for the main program, skipping all of .BTF.ext ${short} info.`);
      return true;
    };
    if (isMain || !this.funcInfoLost) {
      const records = this.records(func, ext.funcInfo);
      if (records.length === 0) this.funcInfoLost = missing("function", this.layout.funcInfo.length > 0);
      for (const { record, insn } of records) this.layout.funcInfo.push({ insn, typeId: record.typeId });
    }
    if (isMain || !this.lineInfoLost) {
      const records = this.records(func, ext.lineInfo);
      if (records.length === 0) this.lineInfoLost = missing("line", this.layout.lineInfo.length > 0);
      for (const { record, insn } of records) {
        const { fileNameOff, lineOff, lineCol } = record;
        this.layout.lineInfo.push({
          insn, file: rawBtf.text(fileNameOff), text: rawBtf.text(lineOff), line: lineCol >>> 10, col: lineCol & 0x3ff, fileOff: fileNameOff, lineOff, lineCol,
        });
      }
    }
  }

  private records<T extends { insnOff: number }>(func: Func, sections: readonly ExtSection<T>[]): { record: T; insn: number }[] {
    const { elf, rawBtf } = this.session.object;
    const section = sections.find((one) => rawBtf && elf.section(rawBtf.text(one.nameOff))?.index === func.sectionIndex);
    const start = func.secInsnOff;
    const place = this.places.get(func) ?? 0;
    const out: { record: T; insn: number }[] = [];
    for (const record of section?.records ?? []) {
      const insn = Math.floor(record.insnOff / 8);
      if (insn < start) continue;
      if (insn >= start + func.insns.length) break;
      out.push({ record, insn: insn - start + place });
    }
    return out;
  }
}

/** The subprogram named by the program's "exception_callback:NAME" tag. */
function exceptionCallback(session: LoadSession, main: Func): Func | undefined {
  const { object, log } = session;
  const btf: Btf | null = object.btf;
  if (!btf || !session.kernel.has("btf_decl_tag")) return undefined;
  const prefix = "exception_callback:";
  let chosen: Func | undefined;
  for (let id = 1; id < btf.count; id++) {
    const tag = btf.type(id);
    if (tag?.kind !== BtfKind.DECL_TAG || tag.componentIdx !== -1 || !tag.name.startsWith(prefix)) continue;
    const func = btf.type(tag.type);
    if (func?.kind !== BtfKind.FUNC || func.linkage !== BTF_GLOBAL) {
      return log.refuse(`prog '${main.name}': exception_callback:<value> decl tag not applied to the main program`, { stage: "relocate", errno: EINVAL });
    }
    if (func.name !== main.name) continue;
    if (chosen) return undefined;
    const name = tag.name.slice(prefix.length);
    if (name === "") log.refuse(`prog '${main.name}': exception_callback:<value> decl tag contains empty value`, { stage: "relocate", errno: EINVAL });
    for (const subprog of object.funcs) {
      if (!subprog.isSubprog || subprog.name !== name) continue;
      if (!subprog.symGlobal || subprog.markStatic) {
        log.refuse(`prog '${main.name}': exception callback ${name} must be a global non-hidden function`, { stage: "relocate", errno: EINVAL });
      }
      chosen = subprog;
      break;
    }
    if (!chosen) log.refuse(`prog '${main.name}': cannot find exception callback '${name}'`, { stage: "relocate", errno: ENOENT });
  }
  return chosen;
}
