/** Reads and writes of the program's context: what this type may touch, found by asking the kernel's own table. */
import type { CtxAccess } from "../../../kernel/types.ts";
import { BtfKind } from "../../../btf/types.ts";
import { SECTION_DEFS } from "../../../loader/section-defs.ts";
import { attachProto } from "../../checks/attach-proto.ts";
import { type Case, type Family, family, plural, type Told } from "./case.ts";
import { anyOf, programWords, usualSections } from "./program.ts";

/** Types whose context is an array of 8-byte arguments. */
const ARGUMENTS = new Set(["tracing", "lsm", "struct_ops", "raw_tracepoint", "raw_tracepoint_writable"]);

type Table = CtxAccess | undefined;
const allows = (t: Table, off: number, size: number, write: boolean): boolean => t?.fields.some((f) => f.off === off && f.size === size && (write ? f.write : f.read !== null)) ?? false;
/** The widest access that the table allows over those bytes: how the field is to be read. */
function around(t: Table, off: number, size: number, write: boolean): { off: number; size: number } | null {
  const fits = t?.fields.filter((f) => (write ? f.write : f.read !== null) && f.off < off + size && off < f.off + f.size) ?? [];
  return fits.reduce<{ off: number; size: number } | null>((best, f) => (best && best.size >= f.size ? best : { off: f.off, size: f.size }), null);
}
function fixedContext(c: Case, off: number, size: number): Told {
  const { env } = c;
  const { prog, kernel } = env;
  const write = c.access?.write === true;
  const how = write ? "write" : "read";
  const field = c.meanings?.contextField(off, size) ?? null;
  const own = c.access ? c.means(c.access.base) : null;
  const name = field ? `${own !== null && /^\w+$/.test(own) ? own : "ctx"}->${field}` : `offset ${off} of the context`;
  const table = kernel.ctxAccess(prog.type, prog.attachType);
  const told = (title: string, reason: string, ...fixes: string[]): Told => ({ title, reason, fixes, registers: c.access ? [c.access.base] : [] });
  const where = `on Linux ${kernel.name}`;
  const atomic = c.access?.atomic ? " (an atomic operation)" : "";
  const whole = around(table, off, size, write);
  if (whole && (whole.off !== off || whole.size !== size)) {
    const pointer = table?.fields.find((f) => f.off === whole.off && f.size === whole.size)?.read !== "scalar";
    return told(
      `${name} is ${write ? "written" : "read"} with another width`, `${c.expression} ${how}s ${plural(size, "byte")} at offset ${off} of the context${atomic}; ${where} ${name} is ${write ? "written" : "read"} by programs of type ${programWords(env)} as ${plural(whole.size, "byte")} at offset ${whole.off}.`,
      `${write ? "Write" : "Read"} the whole field with its own type (${plural(whole.size, "byte")} at offset ${whole.off})${pointer ? "" : ", and mask or shift the value afterwards"}`,
    );
  }
  const fixes: string[] = [];
  if (write && around(table, off, size, false)) fixes.push(`Only read ${name}: programs of this type may not change it`);
  const others = SECTION_DEFS.filter((d) => d.type === prog.type && d.attachType !== prog.attachType && allows(kernel.ctxAccess(d.type, d.attachType), off, size, write));
  if (others.length > 0) fixes.push(`Write the section as ${anyOf(usualSections(others).slice(0, 4))}: programs attached there may ${how} it`);
  if (!write && !field) fixes.push("Stay within the context structure of this program type");
  const readable = others.length > 0 ? [] : [write ? `${fixes.length > 0 ? "Or leave" : "Leave"} the store out` : `Leave ${name} out, or get at the value in another way (a helper, a kfunc, a map)`];
  return told(
    field ? `${name} cannot be ${write ? "written" : "read"} here` : `There is nothing to ${how} at that place of the context`,
    `${c.expression} ${how}s ${plural(size, "byte")} at offset ${off} of the context${field && !c.expression.includes(name) ? ` (${name})` : ""}${atomic}, and ${where} a program of type ${programWords(env)} may not.${off % size === 0 ? "" : " The offset is not a multiple of the width either."}`,
    ...fixes, ...readable,
  );
}
/** Contexts that are the arguments of a function or hook. */
function argumentsOf(c: Case, off: number, size: number): Told {
  const { env } = c;
  const registers = c.access ? [c.access.base] : [];
  const target = ARGUMENTS.has(env.prog.type) && !env.prog.type.startsWith("raw_") ? attachProto(env) : undefined;
  const name = target?.name.replace(/^bpf_lsm_|^btf_trace_|^bpf_iter_/, "") ?? env.prog.attachTo ?? "what the program attaches to";
  const n = Math.floor(off / 8);
  if (c.access?.write) return { title: "The arguments cannot be written", registers, reason: `The context holds the arguments of ${name}; programs of type ${programWords(env)} may only read them.`, fixes: ["Leave the store out", ...(env.prog.type === "tracing" ? ["To change what a function returns, attach with fmod_ret where the function allows it"] : [])] };
  if (off % 8 !== 0 || size !== 8) {
    return { title: "Arguments are 8 bytes each", registers, reason: `${c.expression} reads ${plural(size, "byte")} at offset ${off} of the context, where argument ${n + 1} of ${name} begins at offset ${n * 8} and takes 8 bytes.`, fixes: ["Use BPF_PROG(name, type argument, …), which reads each argument as a whole", `Or read 8 bytes and convert: \`(type)((__u64 *)ctx)[${n}]\``] };
  }
  const proto = target?.proto;
  const count = proto ? proto.params.length - target.skip : null;
  const hasReturn = /fexit|fsession|modify_return|lsm/.test(env.prog.attachType ?? "");
  const list = proto && count ? proto.params.slice(target.skip).map((p, i) => p.name || `argument ${i + 1}`).join(", ") : "";
  if (count !== null && n >= count) {
    const isReturn = n === count;
    return {
      title: isReturn && !hasReturn ? "The return value is not known yet" : `${name} has no argument ${n + 1}`, registers,
      reason: `${c.expression} reads argument ${n + 1} (8 bytes at offset ${off}); ${name} has ${count === 0 ? "none" : `${plural(count, "argument")}: ${list}`}${hasReturn ? "; the return value comes after them" : isReturn ? ". What comes after them is the return value, and only programs that run at the function's end have it" : ""}.`,
      fixes: [`Read no more than ${plural(count, "argument")} (the parameters of BPF_PROG())${hasReturn ? ", and one more for the return value" : ""}`, ...(isReturn && env.prog.attachType === "trace_fentry" ? [`Or attach with SEC("fexit/${name}"), which has the return value`] : [])],
    };
  }
  const type = proto && target.btf.resolve(proto.params[n + target.skip]?.type ?? (0 as never));
  if (type?.kind === BtfKind.PTR) {
    const why = c.line(/^func '\S+' (?:arg\d+ )?(.*)$/)?.[1];
    return { title: `Argument ${n + 1} of ${name} cannot be read`, registers, reason: `${c.expression} reads argument ${n + 1} of ${name}, and on Linux ${env.kernel.name} programs cannot have it${why ? `: ${why}` : ""}.`, fixes: ["Read it from a kprobe with PT_REGS_PARM…() and bpf_probe_read_kernel()", "Or use a newer kernel, which gives pointers to anything as numbers"] };
  }
  return { title: "There is nothing to read at that place of the context", registers, reason: `${c.expression} reads ${plural(size, "byte")} at offset ${off} of the context of ${name}; what is there, programs of type ${programWords(env)} cannot read.`, fixes: ["Read only the arguments that the function or hook has, each as 8 bytes", "Declare them with BPF_PROG()"] };
}

export const CONTEXT: readonly Family[] = [
  family("ctx-access", "__check_ctx_access", /^invalid bpf_context access off=(-?\d+) size=(\d+)$/, (c, m) => (ARGUMENTS.has(c.env.prog.type) ? argumentsOf : fixedContext)(c, Number(m[1]), Number(m[2]))),
  family("ctx-access", "__check_ctx_access", /^invalid bpf_context access off=(-?\d+)\. Reference may already be released$/, (c, m) => ({
    title: "The object of the context was given back", registers: [c.access?.base ?? 1], reason: `Argument ${Math.floor(Number(m[1]) / 8) + 1} (offset ${m[1]} of the context) belongs to the program until it gives it back, which it did on this path; after that it cannot be read again.`, fixes: ["Read the argument into a variable before it is given back, and use only what was copied out of it afterwards"],
  })),
];
