/** The exception callback named by a decl tag on the main program (kernel bpf_find_exception_callback_insn_off, 6.7+). */
import { BtfKind } from "../../btf/types.ts";
import type { Env } from "../state/env.ts";

/** Instruction where the callback starts, 0 when there is none. */
export function findExceptionCallback(env: Env): number {
  const { btf, prog } = env;
  const first = prog.funcInfo[0];
  if (!btf || !first) return 0;
  if (!btf.type(first.typeId)) env.fail("EINVAL", "invalid btf id for main subprog in func_info");
  const tags = btf.declTags(first.typeId).filter((t) => t.startsWith("exception_callback:"));
  if (tags.length === 0) return 0;
  if (tags.length > 1) env.fail("EEXIST", "multiple exception callback tags for main subprog");
  const name = tags[0]!.slice("exception_callback:".length);
  const id = btf.find(BtfKind.FUNC, name);
  if (id === undefined) env.fail("ENOENT", `exception callback '${name}' could not be found in BTF`);
  const func = btf.type(id);
  if (func?.kind !== BtfKind.FUNC || func.linkage !== 1) env.fail("EINVAL", `exception callback '${name}' must have global linkage`);
  let at = 0;
  for (const info of prog.funcInfo) {
    if (info.typeId !== id) continue;
    at = info.insn;
    if (at === 0) env.fail("EINVAL", "invalid exception callback insn_off in func_info: 0");
  }
  if (at === 0) env.fail("EINVAL", "exception callback type id not found in func_info");
  return at;
}
