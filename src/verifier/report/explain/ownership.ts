/** References and who owns them: leaks, releasing what is not owned, trust, lists and trees. */
import { BtfKind } from "../../../btf/types.ts";
import { OP_CALL } from "../../../isa/table.ts";
import { NOT_INIT, PTR_MAYBE_NULL, SCALAR_VALUE, baseType, PTR_TO_STACK, PTR_TO_BTF_ID } from "../../state/reg-type.ts";
import { lostBy, rootOf } from "./calls-before.ts";
import { type Case, type Family, family, fixed, type Told, typeWords } from "./case.ts";
import { anyOf } from "./program.ts";

const RELEASE: Readonly<Record<string, string>> = {
  bpf_sk_lookup_tcp: "bpf_sk_release", bpf_sk_lookup_udp: "bpf_sk_release", bpf_skc_lookup_tcp: "bpf_sk_release", bpf_ringbuf_reserve: "bpf_ringbuf_submit or bpf_ringbuf_discard",
  bpf_ringbuf_reserve_dynptr: "bpf_ringbuf_submit_dynptr or bpf_ringbuf_discard_dynptr", bpf_obj_new_impl: "bpf_obj_drop", bpf_obj_new: "bpf_obj_drop",
  bpf_percpu_obj_new_impl: "bpf_percpu_obj_drop", bpf_percpu_obj_new: "bpf_percpu_obj_drop", bpf_refcount_acquire_impl: "bpf_obj_drop", bpf_refcount_acquire: "bpf_obj_drop",
  bpf_list_pop_front: "bpf_obj_drop", bpf_list_pop_back: "bpf_obj_drop", bpf_rbtree_remove: "bpf_obj_drop", bpf_dynptr_from_file: "bpf_dynptr_file_discard",
};
/** Struct that a kfunc returns a pointer to, or takes as its first argument. */
function kfuncStruct(c: Case, name: string, which: "return" | "first"): string | null {
  const { btf } = c.env.kernel;
  const id = btf?.find(BtfKind.FUNC, name);
  const func = id === undefined ? undefined : btf!.type(id);
  const proto = func?.kind === BtfKind.FUNC ? btf!.type(func.type) : undefined;
  if (proto?.kind !== BtfKind.FUNC_PROTO) return null;
  const type = which === "return" ? proto.ret : proto.params[0]?.type;
  const ptr = type === undefined ? undefined : btf!.resolve(type);
  const to = ptr?.kind === BtfKind.PTR ? btf!.resolve(ptr.type) : undefined;
  return to?.kind === BtfKind.STRUCT ? to.name : null;
}
/** Functions that end a reference which `name` took: "bpf_sk_release()". Kfuncs by their flags and prototypes. */
function releasesOf(c: Case, name: string): string[] {
  const known = RELEASE[name];
  if (known) return known.split(" or ").map((f) => `${f}()`);
  const iter = /^bpf_iter_(\w+)_new$/.exec(name);
  if (iter) return [`bpf_iter_${iter[1]}_destroy()`];
  const struct = kfuncStruct(c, name, "return");
  if (struct === null) return [];
  return c.env.kernel.manifest.kfuncs.filter((k) => k.flags.includes("KF_RELEASE") && !k.name.endsWith("_dtor") && kfuncStruct(c, k.name, "first") === struct).map((k) => `${k.name}()`).slice(0, 3);
}
/** Does the call hand over a pointer, which may be NULL (then there is nothing to release)? */
const givesPointer = (c: Case, name: string): boolean => !/_dynptr$|^bpf_dynptr_|^bpf_iter_/.test(name) && (c.env.kernel.helperByName(name) !== undefined || kfuncStruct(c, name, "return") !== null || /obj_new|refcount_acquire/.test(name));

function leak(c: Case, at: number | null, where: string): Told {
  const maker = at !== null ? c.callAt(at) : null;
  const name = maker?.name ?? "the call";
  const argument = at !== null && !maker;
  const takes = at === null ? "an earlier instruction" : c.place(at);
  const ends = maker ? releasesOf(c, name) : [];
  const throws = c.call?.kind === "function" && /^bpf_throw/.test(c.message) ? `, which may call bpf_throw() and not come back` : "";
  const moved = /obj_new|refcount_acquire|pop_|rbtree_remove/.test(name) ? "; or give it away: into a list or tree, or into a map's value with bpf_kptr_xchg()" : "";
  const fixes = [
    argument ? `Give the object back on every path before ${where}: hand it on as the function asks, or release it with the kfunc made for it`
      : name === "bpf_kptr_xchg" ? `Release the pointer that bpf_kptr_xchg() gave at ${takes} (with the release function of its type), or move it back into a map's value with bpf_kptr_xchg(), on every path before ${where}`
      : `Release the reference taken at ${takes} on every path before ${where}: call ${ends.length > 0 ? anyOf(ends) : "the kfunc that releases this type of object"}${moved}`,
  ];
  if (/_dynptr$|^bpf_dynptr_from_file$/.test(name)) fixes.push(`Release it also where ${name}() returned an error: the dynptr has to be given back all the same`);
  else fixes.push("Look at early returns between taking and releasing it: each needs its own release");
  if (maker && givesPointer(c, name) && !c.way?.steps.some((s) => s.compared !== null)) fixes.push(`Where ${name}() gave NULL there is nothing to release: check its result right after the call`);
  return {
    title: "A reference is not released", registers: [],
    reason: argument
      ? `The program owns an object that it was given, and this path comes to ${where}${throws} without giving it back.`
      : `${name}() at ${takes} took a reference, and this path comes to ${where}${throws} without releasing it.`,
    fixes,
    ...(at !== null ? { related: [c.related(at, maker ? `${name}() takes the reference` : "the reference is taken here")] } : {}),
  };
}
/** Instruction of the first reference still held. */
const heldAt = (c: Case): number | null => (c.walking ? (c.env.curState.refs.find((r) => r.type === "ptr")?.insnIdx ?? c.env.curState.refs[0]?.insnIdx ?? null) : null);
/** Something that this depends on is released first. */
function dependent(c: Case, at: number): Told {
  const maker = c.callAt(at)?.name ?? "the call";
  const ends = releasesOf(c, maker);
  const call = c.call ? `${c.call.name}()` : "This call";
  return {
    title: "What depends on the object is still in use", registers: [1],
    reason: `${call} would give back an object from which ${maker}() at ${c.place(at)} made another, and that is still held.`,
    fixes: [`Release what ${maker}() made first: call ${ends.length > 0 ? anyOf(ends) : "the function that releases it"} before ${call}`, ...(/dynptr/.test(maker) ? [`Do so also where ${maker}() returned an error`] : [])],
    related: [c.related(at, `${maker}() makes it here`)],
  };
}

function notOwned(c: Case, n: number, name: string): Told {
  const r = c.reg(n);
  const takes = c.env.kernel.kfunc(name) ? c.env.kernel.manifest.kfuncs.filter((k) => k.flags.includes("KF_ACQUIRE") && kfuncStruct(c, k.name, "return") !== null && kfuncStruct(c, k.name, "return") === kfuncStruct(c, name, "first")) : [];
  const acquire = takes.find((k) => k.name.endsWith("_acquire"))?.name;
  const makers = takes.map((k) => `${k.name}()`);
  const told = (reason: string, ...fixes: string[]): Told => ({ title: "The program does not own what it releases", registers: [n], reason: `${name}() gives back a reference, and ${reason}.`, fixes });
  const pass = /dynptr/.test(name) ? "Pass the address of a dynptr that bpf_ringbuf_reserve_dynptr() initialised" : `Pass what ${makers.length > 0 ? anyOf(makers, 4) : name === "bpf_sk_release" ? "bpf_sk_lookup_tcp(), bpf_sk_lookup_udp() or bpf_skc_lookup_tcp()" : "an acquiring function"} returned`;
  const lost = lostBy(c, n);
  if (lost !== null) return { ...told(`${c.who(n)} is not held any more: ${lost.text}`, "Release each reference once only"), related: [c.related(lost.insn, "it is given away here")] };
  if (!r || r.type === NOT_INIT) return told(`${c.who(n)} holds nothing`, pass);
  if (r.type === SCALAR_VALUE) return told(`${c.who(n)} is a plain number`, pass);
  if (baseType(r.type) === PTR_TO_STACK) return told(`${c.who(n)} is the address of a local variable`, pass);
  if (r.type & PTR_MAYBE_NULL) return told(`${c.who(n)} may be NULL`, `Check it first: \`if (${/^[\w>.-]+$/.test(c.means(n) ?? "") ? c.means(n)! : "p"}) ${name}(…);\``);
  const argument = /^ctx\[\d+\]$|^ctx->/.test(c.means(n) ?? "");
  return told(
    `${c.who(n)}, ${typeWords(c.typeOf(n))}, was only ${argument ? "lent to the program" : "read"}: this path took no reference to it`,
    "Do not release it: what was not acquired needs no release",
    ...(acquire ? [`Or acquire it first, and release what that gave: \`p = ${acquire}(p); if (!p) return …;\``] : [pass]),
  );
}

/** What a value that is not trusted was read from, as far as it decides what helps. */
function source(c: Case, n: number): { kind: "fentry" | "hook" | "member" | "other"; member?: string; struct?: string; pos?: number } {
  const root = c.way && rootOf(c, n, c.way.now());
  if (!root) return { kind: "other" };
  const insn = c.env.insns[root.pos]!;
  if (insn.code === OP_CALL) return { kind: "other" };
  const from = c.env.loadedFrom[root.pos];
  if (from) {
    const type = from.btf.type(from.id);
    const found = type && (type.kind === BtfKind.STRUCT || type.kind === BtfKind.UNION) ? type.members.find((m) => m.bitOffset === from.off * 8) : undefined;
    return { kind: "member", pos: root.pos, ...(type && "name" in type ? { struct: type.name } : {}), ...(found ? { member: found.name } : {}) };
  }
  if (/^ctx(?:\[\d+\]|->\w+)$/.test(c.meanings?.ofInsn(root) ?? "")) {
    const { type, attachType } = c.env.prog;
    return { kind: type === "tracing" && /fentry|fexit|fmod_ret|modify_return|fsession/.test(attachType ?? "") ? "fentry" : "hook" };
  }
  return { kind: "other" };
}
/** Members that the kernel knows to be protected by RCU (BTF_TYPE_SAFE_RCU and its neighbours), by the structures that list them. */
function rcuMember(c: Case, struct: string | undefined, member: string | undefined): boolean {
  const { btf } = c.env.kernel;
  if (!btf || !struct || !member) return false;
  return ["__safe_rcu", "__safe_rcu_or_null"].some((suffix) => {
    const id = btf.find(BtfKind.STRUCT, struct + suffix);
    const type = id === undefined ? undefined : btf.type(id);
    return type?.kind === BtfKind.STRUCT && type.members.some((m) => m.name === member);
  });
}
function untrusted(c: Case, n: number, needs: "trusted" | "rcu"): Told {
  const r = c.reg(n);
  const call = c.call?.name ?? "The kfunc";
  const from = source(c, n);
  const takers = c.env.kernel.manifest.kfuncs.filter((k) => k.flags.includes("KF_ACQUIRE") && /_from_|_get_|_acquire$/.test(k.name) && kfuncStruct(c, k.name, "return") !== null && kfuncStruct(c, k.name, "return") === (r && baseType(r.type) === PTR_TO_BTF_ID ? nameOf(c, n) : null)).map((k) => `${k.name}()`);
  const title = needs === "trusted" ? "The pointer is not trusted" : "The pointer is neither trusted nor protected by RCU";
  const wants = needs === "trusted" ? "takes only objects that are certain to be alive" : "takes only objects that are certain to be alive, or that RCU keeps from going away";
  const told = (why: string, ...fixes: string[]): Told => ({ title, registers: [n], reason: `${call}() ${wants}; ${c.who(n)} ${why}.`, fixes });
  const lost = lostBy(c, n);
  if (lost !== null) return told(`is not held any more: ${lost.text}`, `Call ${call}() before ${lost.name}()`);
  if (!r || r.type === SCALAR_VALUE) return told("is a plain number", "Pass a pointer that the kernel gave");
  if (baseType(r.type) === PTR_TO_STACK) return told("is the address of a local variable", "Pass a pointer that the kernel gave");
  if (from.kind === "fentry") return told("is an argument of the function that the program is attached to, and such arguments may be gone already: they are not trusted", "Attach to a tracepoint (SEC(\"tp_btf/…\")) or LSM hook (SEC(\"lsm/…\")) instead, whose arguments are trusted", ...(takers.some((t) => t.includes("_from_")) ? [`Or look the object up: ${anyOf(takers.filter((t) => t.includes("_from_")))}`] : []));
  if (from.kind === "hook") return told("is an argument that this hook hands over without a promise: the object may be about to go away", "Attach to another hook or tracepoint that has the object as its argument");
  if (from.kind === "member") {
    const where = from.member && from.struct ? `member ${from.member} of struct ${from.struct}` : "a member of a kernel structure";
    if (rcuMember(c, from.struct, from.member)) {
      return told(`was read from ${where}; RCU protects what that points to, but this is outside of an RCU read section`, `Read ${from.member} and make the call between bpf_rcu_read_lock() and bpf_rcu_read_unlock()`);
    }
    return told(`was read from ${where}, and the verifier knows nothing that keeps the object there alive`, takers.length > 0 ? `Get the object another way: ${anyOf(takers, 4)}` : "Pass an argument of a tracepoint or LSM hook as it was given, or what an acquiring kfunc returned");
  }
  return told(`is ${typeWords(c.typeOf(n))} that may be gone`, takers.length > 0 ? `Pass what ${anyOf(takers, 4)} returned, checked for NULL` : "Pass what an acquiring kfunc returned, or an argument of a tracepoint or LSM hook as it was given", "Or look the object up and use it within one RCU read section: bpf_rcu_read_lock() … bpf_rcu_read_unlock()");
}
function nameOf(c: Case, n: number): string | null {
  const r = c.reg(n);
  const type = r?.btf?.type(r.btfId);
  return type && "name" in type ? type.name : null;
}
const argument = (m: string | undefined, reg: string | undefined): number => (reg !== undefined ? Number(reg) : Number(m) + 1);

export const OWNERSHIP: readonly Family[] = [
  family("reference-leak", "check_reference_leak", /^Unreleased reference id=\d+ alloc_insn=(-?\d+)$/, (c, m) => leak(c, Number(m[1]), c.insn?.code === 0x95 ? "the end of the program" : c.place(c.at))),
  family("reference-leak", "check_resource_leak", /^(?:BPF_EXIT instruction in main prog|BPF_EXIT) would lead to reference leak$/, (c) => leak(c, heldAt(c), "the end of the program")),
  family("reference-leak", "check_resource_leak", /^(?:tail_call|BPF_LD_\[ABS\|IND\]|bpf_throw|.*) would lead to reference leak$/, (c) => leak(c, heldAt(c), c.call?.name === "bpf_tail_call" ? "the tail call" : c.call ? `the call of ${c.call.name}()` : "a load that may end the program (BPF_LD_ABS)")),
  fixed("reference-leak", "check_ld_abs", /^BPF_LD_\[ABS\|IND\] cannot be mixed with socket references$/, "A reference would be lost", "Loads of the old style (BPF_LD_ABS, BPF_LD_IND) end the program when the packet is too short, and a reference that is held would leak.", "Release the reference before the load", "Or use bpf_skb_load_bytes(), which returns an error instead"),
  family("reference-leak", "release_reference", /^Leaking reference id=\d+ alloc_insn=(-?\d+)\. Release it first\.$/, (c, m) => dependent(c, Number(m[1]))),
  family("not-acquired", "release_reference", /^(?:func|kfunc) (\S+)#\d+ reference has not been acquired before$/, (c, m) => notOwned(c, 1, m[1]!)),
  family("not-acquired", "check_func_arg", /^(?:release (?:helper|kfunc|kernel function) (\S+) expects (?:referenced|refcounted) PTR_TO_BTF_ID(?: passed to (?:R(\d+)|arg#(\d+)))?|R(\d+) must be referenced when passed to release function|arg (\d+) is an unacquired reference)$/, (c, m) => notOwned(c, Number(m[2] ?? m[4] ?? m[5] ?? (m[3] !== undefined ? Number(m[3]) + 1 : 1)), m[1] ?? c.call?.name ?? "The call")),
  family("trusted", "check_kfunc_args", /^(?:R(\d+)|arg#?(\d+)) must be referenced or trusted$/, (c, m) => untrusted(c, argument(m[2], m[1]), "trusted")),
  family("trusted", "check_kfunc_args", /^(?:R(\d+)|arg#?(\d+)) must be a rcu pointer$/, (c, m) => untrusted(c, argument(m[2], m[1]), "rcu")),
];
