/** func_info and line_info of the program (kernel check_btf_info). */
import { BtfKind } from "../../btf/types.ts";
import type { Env } from "../state/env.ts";

function abnormalReturn(env: Env): void {
  for (let i = 1; i < env.subprogCnt; i++) {
    if (env.subprogs[i]!.hasLdAbs) env.fail("EINVAL", "LD_ABS is not allowed in subprogs without BTF");
    if (env.subprogs[i]!.hasTailCall) env.fail("EINVAL", "tail_call is not allowed in subprogs without BTF");
  }
}
/** Records in order, each naming a FUNC. Runs before subprograms are found. */
export function checkBtfEarly(env: Env): void {
  let prev = 0;
  env.prog.funcInfo.forEach((info, i) => {
    const bad = (text: string): never => {
      env.verbose(text);
      return env.failSilently("EINVAL");
    };
    if (i === 0) {
      if (info.insn !== 0) bad(`nonzero insn_off ${info.insn} for the first func info record`);
    } else if (info.insn <= prev) bad(`same or smaller insn offset (${info.insn}) than previous func info record (${prev})`);
    const t = env.btf?.type(info.typeId);
    if (t?.kind !== BtfKind.FUNC) bad(`invalid type id ${info.typeId} in func info`);
    prev = info.insn;
  });
}
export function checkBtfInfo(env: Env): void {
  const { btf, prog } = env;
  if (prog.funcInfo.length === 0) abnormalReturn(env);
  else {
    if (prog.funcInfo.length !== env.subprogCnt) env.fail("EINVAL", "number of funcs in func_info doesn't match number of subprogs");
    prog.funcInfo.forEach((info, i) => {
      const sub = env.subprogs[i]!;
      if (sub.start !== info.insn) env.fail("EINVAL", "func_info BTF section doesn't match subprog layout in BPF program");
      const func = btf!.type(info.typeId);
      if (func?.kind !== BtfKind.FUNC) return;
      sub.linkage = func.linkage;
      sub.btfId = info.typeId;
      const proto = btf!.type(func.type);
      const ret = proto?.kind === BtfKind.FUNC_PROTO && proto.ret ? btf!.resolve(proto.ret) : undefined;
      const scalar = (ret?.kind === BtfKind.INT && ret.size <= 8) || ret?.kind === BtfKind.ENUM || ret?.kind === BtfKind.ENUM64;
      if (i && !scalar && sub.hasLdAbs) env.fail("EINVAL", "LD_ABS is only allowed in functions that return 'int'.");
      if (i && !scalar && sub.hasTailCall) env.fail("EINVAL", "tail_call is only allowed in functions that return 'int'.");
      sub.name = func.name;
    });
  }
  checkLines(env);
}
function checkLines(env: Env): void {
  const lines = env.prog.lineInfo;
  if (lines.length === 0) return;
  let s = 0, prev = 0;
  lines.forEach((l, i) => {
    if ((i > 0 && l.insn <= prev) || l.insn >= env.insns.length) env.fail("EINVAL", `Invalid line_info[${i}].insn_off:${l.insn} (prev_offset:${prev} prog->len:${env.insns.length})`);
    if (env.insns[l.insn]!.code === 0) env.fail("EINVAL", `Invalid insn code at line_info[${i}].insn_off`);
    if (s !== env.subprogCnt) {
      const start = env.subprogs[s]!.start;
      if (l.insn === start) s++;
      else if (start < l.insn) env.fail("EINVAL", `missing bpf_line_info for func#${s}`);
    }
    prev = l.insn;
  });
  if (s !== env.subprogCnt) env.fail("EINVAL", `missing bpf_line_info for ${env.subprogCnt - s} funcs starting from func#${s}`);
}
