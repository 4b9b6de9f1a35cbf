/** The program's own functions: global ones, callbacks, the exception callback. */
import { type BtfId } from "../../../base/brand.ts";
import { type Btf, BtfKind, type BtfType } from "../../../btf/types.ts";
import { BPF_PSEUDO_FUNC, OP_LD_IMM64 } from "../../../isa/table.ts";
import { whoIs } from "./arguments.ts";
import { type Case, type Family, family, plural, type Told } from "./case.ts";
import { anyOf } from "./program.ts";

interface Parameter { name: string; type: string; size: number | undefined }
/** Parameters of a function of the program by BTF: "p", "struct S *", bytes behind a pointer. */
function parameters(c: Case, subprog: number): Parameter[] {
  const { btf } = c.env;
  const func = btf?.type(c.env.prog.funcInfo[subprog]?.typeId ?? (0 as BtfId));
  const proto = func?.kind === BtfKind.FUNC ? btf!.type(func.type) : undefined;
  if (!btf || proto?.kind !== BtfKind.FUNC_PROTO) return [];
  return proto.params.map((p) => {
    const t = btf.resolve(p.type);
    const to = t?.kind === BtfKind.PTR ? btf.resolve(t.type) : undefined;
    return { name: p.name, type: t?.kind === BtfKind.PTR ? `${typeName(written(btf, t.type))} *` : typeName(written(btf, p.type)), size: t?.kind === BtfKind.PTR && to ? btf.sizeOf(t.type) : undefined };
  });
}
const KEYWORD: Readonly<Record<number, string>> = { [BtfKind.STRUCT]: "struct ", [BtfKind.UNION]: "union ", [BtfKind.ENUM]: "enum ", [BtfKind.ENUM64]: "enum ", [BtfKind.FWD]: "struct " };
const typeName = (t: BtfType | undefined): string => (!t || t.kind === BtfKind.VOID ? "void" : `${KEYWORD[t.kind] ?? ""}${t.name || "…"}`);
/** The type as it was written: __u64, not unsigned long long. */
function written(btf: Btf, id: BtfId): BtfType | undefined {
  let t = btf.type(id);
  for (let i = 0; i < 16 && t && t.name === "" && "type" in t && t.kind !== BtfKind.PTR; i++) t = btf.type(t.type);
  return t;
}
/** Line of a function's beginning. */
const startOf = (c: Case, subprog: number): number => c.env.subprogs[subprog]?.start ?? 0;
const byName = (c: Case, name: string): number => c.env.subprogs.findIndex((s, i) => i < c.env.subprogCnt && s.name === name);
/** Lines of the log that are instructions, C lines or states, not words. */
const NO_WORDS = /^(?:\d+: |; |R\d+(?:_\w+)?=| R\d|from \d|frame\d|last_idx|mark_precise|regs=|parent |Func#|$)/;
function badArgs(c: Case, subprog: number, name: string): Told {
  const why = c.lines.slice(0, -1).reverse().find((l) => !NO_WORDS.test(l))?.trim() ?? "";
  for (const f of PROTOTYPE) {
    const m = f.match.exec(why);
    if (m) return { ...f.tell(c, m), registers: [], at: c.at };
  }
  const n = Number(/R(\d+)/.exec(why)?.[1] ?? Number(/arg#(\d+)/.exec(why)?.[1] ?? -1) + 1);
  const all = parameters(c, subprog);
  const p = all[n - 1];
  const known = n >= 1 && n <= 5;
  const which = known ? `argument ${n}${p?.name ? ` (${p.name}, \`${p.type}\`)` : ""}` : "an argument";
  const related = [c.related(startOf(c, subprog), `${name}() is defined here`)];
  const tell = (reason: string, ...fixes: string[]): Told => ({
    title: `The arguments do not fit ${name}()`, registers: known ? [n] : [], related,
    reason: `${name}() is a global function: it is verified by itself, from its prototype alone, so every call has to pass what the prototype promises. ${reason}`,
    fixes: [...fixes, `${fixes.length > 0 ? "Or make" : "Make"} ${name} static: it is then verified with what each call really passes`],
  });
  if (/non-NULL/.test(why) || (known && c.typeOf(n).includes("or_null")))
    return tell(`It may read through ${which}, and ${whoIs(c, n)}${c.typeOf(n).includes("or_null") ? "" : " here"}.`, `Check ${c.means(n) ?? `R${n}`} for NULL before the call`, ...(c.env.f.arg_trusted ? ["Or let it take NULL: tag the parameter __arg_nullable, and check it in the function"] : []));
  if (/stack|memory|region|size|packet|map value|mem_size/.test(why) && p?.size !== undefined)
    return tell(`It may read and write ${plural(p.size, "byte")} through ${which}; ${c.who(n)} does not point to that many: ${why}.`, `Pass the address of a whole, initialised \`${p.type.replace(/ \*$/, "")}\``);
  if (/dynptr/.test(why)) return tell(`It takes a dynptr as ${which}; ${whoIs(c, n)}.`, "Pass the address of a local `struct bpf_dynptr` that was set up");
  if (/ctx/.test(why)) return tell(`It takes the program's context as ${which}; ${whoIs(c, n)}.`, "Pass the program's first parameter as it was given");
  if (/scalar/.test(why) && /is not a scalar/.test(why)) return tell(`It takes a number as ${which}; ${whoIs(c, n)}.`, "Pass a number");
  return tell(`${known ? `For ${which} that is not so: ${whoIs(c, n)}` : "That is not so here"}${why === "" ? "" : ` (${why})`}.`, ...(p ? [`Pass ${p.size === undefined ? "what it says" : `the address of a \`${p.type.replace(/ \*$/, "")}\` in memory of the program`} as argument ${n}`] : []));
}
/** A function that was found wanting before any walk: its own first instruction is the place. */
function signature(c: Case, name: string | undefined, title: string, reason: string, ...fixes: string[]): Told {
  const i = name === undefined ? -1 : byName(c, name);
  return { title, reason, fixes, ...(i >= 0 ? { at: startOf(c, i) } : {}) };
}
const isExceptionCallback = (c: Case, name: string): boolean => (c.env.btf && c.env.prog.funcInfo[0] ? c.env.btf.declTags(c.env.prog.funcInfo[0].typeId) : []).includes(`exception_callback:${name}`);

/** The global function that is being looked at when the message has no name: the one whose arguments are not known yet. */
function current(c: Case): string {
  const open = c.env.subprogs.filter((s, i) => i < c.env.subprogCnt && s.argCnt > 0 && !s.argsCached);
  return open.length === 1 ? open[0]!.name : "";
}
function tags(c: Case, n: number, words: string): Told {
  const name = current(c);
  const which = `Parameter ${n}${name ? ` of ${name}()` : " of a global function"}`;
  const at = name ? { at: startOf(c, byName(c, name)) } : {};
  const told = (reason: string, ...fixes: string[]): Told => ({ title: `${which} cannot be checked`, ...at, reason, fixes });
  if (/static functions/.test(words)) return told(`${which} has a tag (__arg_…), and tags are for global functions only.`, "Leave the tag out, or make the function global (without static)");
  if (/has no matches|is ambiguous/.test(words)) return told(`${which} is tagged __arg_trusted (or untrusted), and the structure it points to ${/ambiguous/.test(words) ? "is in the kernel more than once" : "is none of the kernel's"}.`, "Use the kernel's own type, from vmlinux.h", "Or leave the tag out: memory of the program's own needs none");
  if (/not a pointer type/.test(words)) return told(`${which} has a tag for pointers and is no pointer.`, "Leave the tag out");
  if (/combin/.test(words)) return told(`${which} has tags that exclude each other.`, "Use one of them: __arg_ctx, __arg_trusted (with __arg_nullable or without), __arg_nonnull, __arg_untrusted, __arg_arena");
  if (/unsupported set of tags/.test(words)) return told(`${which} has a tag that Linux ${c.env.kernel.name} does not know.`, "Leave the tag out", "Or make the function static");
  return told(`${which}: its type or tags do not go together (${words.trim()}).`, "Change the parameter's type or tags", "Or make the function static: any type will do then");
}
/** The exception callback and bpf_throw(). */
function exception(c: Case): Told {
  const { message } = c;
  const rule = "The exception callback is a global function with one number as parameter and a number as result";
  const tag = c.env.btf && c.env.prog.funcInfo[0] ? c.env.btf.declTags(c.env.prog.funcInfo[0].typeId).find((t) => t.startsWith("exception_callback:"))?.slice(19) : undefined;
  const i = tag === undefined ? -1 : byName(c, tag);
  const at = i >= 0 ? { at: startOf(c, i) } : {};
  const thrown = /^bpf_throw kfunc \(insn (\d+)\) cannot be called from callback subprog (\d+)/.exec(message);
  if (thrown) {
    const name = c.env.subprogName(Number(thrown[2]));
    return { title: "bpf_throw() cannot be called in a callback", at: Number(thrown[1]), reason: `bpf_throw() at ${c.place(Number(thrown[1]))} can be reached from ${name ? `${name}()` : "a function"}, which the kernel calls back: an exception unwinds the program's own frames, and the kernel's stand in between.`, fixes: ["Return an error from the callback and call bpf_throw() after the call that called it back"] };
  }
  const direct = /^insn (\d+) cannot call exception cb directly/.exec(message);
  if (direct) return { title: "The exception callback is called directly", at: Number(direct[1]), reason: `${tag ?? "The exception callback"}() is called at ${c.place(Number(direct[1]))}; only bpf_throw() leads there.`, fixes: ["Call bpf_throw(cookie) instead", "Or move what both need into another function"] };
  if (/cannot return void/.test(message)) return { title: "The exception callback has to return a number", ...at, reason: `${rule}: what it returns is what the program returns. ${tag ?? "This one"} returns nothing.`, fixes: [`Write \`int ${tag ?? "callback"}(u64 cookie) { …; return 0; }\``] };
  if (/single integer argument/.test(message)) return { title: "The exception callback takes one number", ...at, reason: `${rule}; ${tag ?? "this one"} has other parameters.`, fixes: [`Write \`int ${tag ?? "callback"}(u64 cookie)\``] };
  if (/multiple exception callback tags/.test(message)) return { title: "More than one exception callback", reason: "The program names several functions with __exception_cb(); it can have one.", fixes: ["Leave one __exception_cb(…)"] };
  if (/could not be found/.test(message)) return { title: "The exception callback does not exist", reason: `The program names ${tag ?? "a function"} with __exception_cb(), and the object has no such function.`, fixes: ["Define it as a global function", "Or correct the name"] };
  if (/global linkage/.test(message)) return { title: "The exception callback has to be global", ...at, reason: `${rule}; ${tag ?? "this one"} is static.`, fixes: [`Leave the word static out: \`__noinline int ${tag ?? "callback"}(u64 cookie)\``] };
  return { title: "The exception callback has rules", ...at, reason: `${rule}, and is called by bpf_throw() alone: ${message}.`, fixes: [`Write \`int ${tag ?? "callback"}(u64 cookie)\` and do not call it yourself`] };
}
/** The function whose address an instruction takes: "callback" for want of a name. */
function taken(c: Case): { name: string; at: number } {
  const { insns } = c.env;
  const at = insns[c.at]?.code === OP_LD_IMM64 && insns[c.at]!.src === BPF_PSEUDO_FUNC ? c.at : insns.findIndex((i) => i.code === OP_LD_IMM64 && i.src === BPF_PSEUDO_FUNC);
  const i = at < 0 ? -1 : c.env.findSubprog(at + insns[at]!.imm + 1);
  return { name: (i >= 0 && c.env.subprogName(i)) || "callback", at: Math.max(at, 0) };
}

/** What can be wrong with a global function's prototype, whoever calls it. */
const PROTOTYPE: readonly Family[] = [
  family("global-function", "btf_prepare_func_args", /^Arg#(\d+) type (\S+) in (\S+?)\(\) is not supported yet\.$/, (c, m) => {
    const p = parameters(c, byName(c, m[3]!))[Number(m[1])];
    const pointer = m[2] === "PTR";
    return signature(c, m[3], `A parameter of ${m[3]}() has a type that global functions cannot have`, `Parameter ${Number(m[1]) + 1}${p?.name ? ` (${p.name}, \`${p.type}\`)` : ""} of the global function ${m[3]}() is ${pointer ? "a pointer; on this kernel the only pointer a global function takes is the program's context" : `of kind ${m[2]!.toLowerCase()}; global functions take numbers, pointers to memory of known size and the context`}.`, `Make ${m[3]} static: then any type will do`, pointer ? "Or pass numbers, and find the memory in the function (a map lookup, a global variable)" : "Or pass a pointer to the structure");
  }),
  family("global-function", "btf_prepare_func_args", /^Global function (\S+?)\(\) (?:doesn't return scalar|return value not|returns).*$/, (c, m) => {
    const callback = isExceptionCallback(c, m[1]!);
    return signature(c, m[1], `${m[1]}() has to return a number`, `${m[1]}() is a global function${callback ? " (and the exception callback)" : ""}; those can return numbers ${/void/.test(m[0]) ? "(or nothing) " : ""}only, since their callers know the prototype and no more.`, "Return an int", ...(callback ? [] : [`Or make ${m[1]} static`]));
  }),
  family("global-function", "btf_prepare_func_args", /^(?:Global function (\S+?)\(\) with|global function (\S+) has) (\d+) > 5 args.*$/, (c, m) => signature(c, m[1] ?? m[2], `${m[1] ?? m[2]}() has too many parameters`, `The global function ${m[1] ?? m[2]}() has ${m[3]} parameters; 5 is the most, since they are passed in R1 to R5.`, "Put them into a structure and pass its address", "Or make the function static __always_inline")),
  family("global-function", "btf_prepare_func_args", /^arg#(\d+) (?:reference type|type|has|with|cannot|untrusted|trusted|arena|nullable|invalid|'|unrecognized|tag)(.*)$/, (c, m) => tags(c, Number(m[1]) + 1, m[0].replace(/^arg#\d+ /, ""))),
];

export const FUNCTIONS: readonly Family[] = [
  family("global-function", "check_func_call", /^Caller passes invalid args into func#(\d+)(?: \('([^']+)'\))?$/, (c, m) => badArgs(c, Number(m[1]), m[2] ?? (c.env.subprogs[Number(m[1])]?.name || `func#${m[1]}`))),
  ...PROTOTYPE,
  family("exception", "do_check_common", /^(?:exception cb .*|bpf_throw .*|insn \d+ cannot call exception cb directly(?:verification time.*)?|.*exception callback.*)$/, (c) => exception(c)),
  family("callback", "check_ld_imm", /^callback function not static$/, (c) => ({ title: `${taken(c).name}() has to be static`, reason: `${taken(c).name}() is passed as a callback. A callback is verified from where it is passed, so it has to be a static function of this program; a global one is verified by itself.`, fixes: [`Write \`static\` before it: \`static int ${taken(c).name}(…)\``] })),
  family("callback", "check_ld_imm", /^callback function cannot be the main program$/, () => ({ title: "The program itself is passed as a callback", reason: "A callback has to be another, static function of the program.", fixes: ["Move what is to be called back into a static function of its own"] })),
  family("callback", "set_map_elem_callback_state", /^callback function not allowed for map$/, (c) => ({ title: "This map cannot be walked with a callback", registers: [1], reason: `bpf_for_each_map_elem() walks hash and array maps; ${c.who(1)} is of another type${c.reg(1)?.map ? ` (${c.reg(1)!.map!.type})` : ""}.`, fixes: ["Use a hash or array map"] })),
  family("func-proto", "check_helper_call", /^func (\S+?)(?:#\d+)? (supported only for|not supported for) (.*)$/, (c, m) => ({ title: `${m[1]}() does not work for this attach type`, reason: `${m[1]}() is ${m[2]} ${m[3]}; this program is of type ${c.env.prog.type}${c.env.prog.attachType ? ` and attaches as ${c.env.prog.attachType}` : ""}${c.env.prog.attachTo ? ` to ${c.env.prog.attachTo}` : ""}.`, fixes: [m[2]!.startsWith("not") ? "Attach to another hook or function" : `Attach to ${anyOf(m[3]!.split(/, | and /))}`] })),
  family("format-string", "check_bpf_snprintf_call", /^Invalid format string$/, (c) => ({ title: "The format string is not valid", reason: `The format string of ${c.call?.name ?? "the call"}() holds a conversion that it does not know, or asks for another number of arguments than are passed.`, fixes: ["Use %d, %i, %u, %x, %ld, %lld, %llx, %p, %s, %c and the like, with one argument of 8 bytes for each", "With BPF_SNPRINTF() the number of arguments is counted for you: check the format against them"] })),
];
