import type { Func, ObjectInternals } from "./internals.ts";
import type { SourcePos } from "./types.ts";

/** The line_info record that covers a function's slot; undefined without debug information. */
export function sourceAt(object: ObjectInternals, func: Func, insn: number): SourcePos | undefined {
  const { ext, rawBtf, elf } = object;
  if (!ext || !rawBtf) return undefined;
  const wanted = (func.secInsnOff + insn) * 8;
  for (const section of ext.lineInfo) {
    if (elf.section(rawBtf.text(section.nameOff))?.index !== func.sectionIndex) continue;
    let best = undefined;
    for (const record of section.records) if (record.insnOff <= wanted && record.insnOff >= func.secInsnOff * 8 && (!best || record.insnOff >= best.insnOff)) best = record;
    if (best) return { file: rawBtf.text(best.fileNameOff), line: best.lineCol >>> 10, col: best.lineCol & 0x3ff, text: rawBtf.text(best.lineOff) };
  }
  return undefined;
}
