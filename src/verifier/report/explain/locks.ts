/** Spin locks: what is forbidden under them, which lock is which, and special fields that are used like data. */
import { BtfKind } from "../../../btf/types.ts";
import { OP_LD_IMM64 } from "../../../isa/table.ts";
import { recordHasField, type VMap } from "../../state/maps.ts";
import { isLockRef } from "../../state/state.ts";
import { fieldTypeName, regBtfRecord } from "../../checks/record.ts";
import { callsBefore } from "./calls-before.ts";
import { anyOf } from "./program.ts";
import { article, type Case, type Family, family, type Told } from "./case.ts";

const TAKES = /^bpf_(?:res_)?spin_lock(?:_irqsave)?$/;

/** Instruction that took the lock which is held: of several the first or the one taken last. */
function takenAt(c: Case, which: "first" | "last"): number | null {
  if (!c.walking) return null;
  const held = c.env.curState.refs.filter((r) => isLockRef(r.type));
  const ref = which === "first" ? held[0] : held.at(-1);
  if (ref) return ref.insnIdx;
  if (!c.env.curState.activeLocks) return null;
  // releases that keep no list of locks have one at most
  for (const { name, at } of callsBefore(c)) if (TAKES.test(name)) return at.pos;
  return null;
}
const taken = (c: Case, at: number | null): Pick<Told, "related"> => (at === null ? {} : { related: [c.related(at, "the lock is taken here")] });
const unlockOf = (c: Case, at: number | null): string => `${(at === null ? undefined : c.callAt(at)?.name)?.replace("spin_lock", "spin_unlock").replace("irqsave", "irqrestore") ?? "bpf_spin_unlock"}()`;
const call = (c: Case): string => (c.call ? `${c.call.name}()` : "The instruction");

function different(c: Case): Told {
  const at = takenAt(c, "last");
  const maps = /->|\[|lookup/.test(c.means(1) ?? "");
  return {
    title: "Another lock than the one held is released", registers: [1],
    reason: `${call(c)} is given ${c.who(1)}; the lock this path holds was taken${at === null ? "" : ` at ${c.place(at)}`} through another pointer${maps ? ", and two lookups are two elements for the verifier, even with the same key" : ""}.`,
    fixes: ["Unlock through the very pointer the lock was taken with", "Look the element up once and keep the pointer for both calls"], ...taken(c, at),
  };
}
function without(c: Case): Told {
  return { title: "No lock is held", registers: [1], reason: `${call(c)} is called on a path on which no lock was taken, or it was released before.`, fixes: ["Take the lock on every path that leads here, or unlock only where it was taken"] };
}
function kept(c: Case): Told {
  const at = takenAt(c, "first");
  const where = c.insn?.code === 0x95 ? "the function's or program's end" : c.call ? `${call(c)}` : c.place(c.at);
  return {
    title: "The lock is not released", reason: `This path comes to ${where} with the lock${at === null ? "" : ` taken at ${c.place(at)}`} still held.`,
    fixes: [`Call ${unlockOf(c, at)} on every path before ${where}`, "Look at early returns between lock and unlock: each needs its own unlock"], ...taken(c, at),
  };
}
function second(c: Case): Told {
  const at = takenAt(c, "last");
  return {
    title: "A lock is taken while one is held", registers: [1], reason: `${call(c)} would take a second lock beside the one taken${at === null ? " before" : ` at ${c.place(at)}`}; one bpf_spin_lock at a time is all a program may hold, so that none waits for another.`,
    fixes: [`Call ${unlockOf(c, at)} for the first lock before this call`, ...(c.env.kernel.kfunc("bpf_res_spin_lock") ? ["Or use struct bpf_res_spin_lock with bpf_res_spin_lock(), of which several may be held (it may fail: check what it returns)"] : [])], ...taken(c, at),
  };
}
function again(c: Case): Told {
  const at = takenAt(c, "last");
  return { title: "The same lock is taken twice", registers: [1], reason: `${call(c)} would wait for ${c.who(1)}, a lock that this path holds already: it would wait for ever.`, fixes: ["Release the lock before it is taken again, or leave the second call out"], ...taken(c, at) };
}
function order(c: Case): Told {
  const at = takenAt(c, "last");
  return {
    title: "Locks are released in another order", registers: [1], reason: `${call(c)} releases ${c.who(1)}, but the lock taken last${at === null ? "" : `, at ${c.place(at)},`} has to be released first.`,
    fixes: ["Release locks in the reverse of the order they were taken in"], ...(at === null ? {} : { related: [c.related(at, "the lock taken last: to be released first")] }),
  };
}
function callUnderLock(c: Case): Told {
  if (c.call && TAKES.test(c.call.name)) return second(c);
  const at = takenAt(c, "first");
  const own = c.call?.kind === "function";
  const global = own && /global|static function/.test(c.message);
  const allowed = c.env.f.btf_records ? "only the unlock and a few functions for lists and trees may be" : "only bpf_spin_unlock() may be";
  return {
    title: "A call while a lock is held",
    reason: own ? `${call(c)} is called while a lock${at === null ? "" : ` (taken at ${c.place(at)})`} is held; ${global ? "a global function is verified by itself, without a lock, so it may not be" : "on this kernel functions of the program may not be"}.` : `${call(c)} is called while a lock${at === null ? "" : ` (taken at ${c.place(at)})`} is held; ${allowed}.`,
    fixes: [`Call ${c.call?.name ?? "it"}() before the lock is taken or after ${unlockOf(c, at)}`, ...(own ? [global && c.env.f.static_calls_under_lock ? `Or make ${c.call!.name} static` : `Or inline it: static __always_inline`] : [])], ...taken(c, at),
  };
}
/** "struct bpf_timer", "kernel pointer (__kptr)" */
const fieldWords = (field: string): string => (field.startsWith("bpf_") ? `struct ${field}` : field === "uptr" ? "pointer to user memory (__uptr)" : "kernel pointer (__kptr)");
function data(c: Case, field: string): Told {
  if (c.call) return byHelper(c, field);
  const where = c.access && c.typeOf(c.access.base).includes("ptr") ? "the object" : "the map's value";
  return {
    title: `A ${fieldWords(field)} cannot be read or written like data`, registers: c.access ? [c.access.base] : [],
    reason: `${c.expression} touches the ${fieldWords(field)} inside ${where}; only the functions made for it may.`,
    fixes: [`Access the members before and after it, not the bytes of the ${fieldWords(field)}`, "Copying the whole structure (memcpy, assignment) touches it too: copy member by member"],
  };
}
function byHelper(c: Case, field: string): Told {
  const name = c.call?.name ?? "The helper";
  const n = c.env.regsBefore.findIndex((_, i) => i >= 1 && i <= 5 && c.typeOf(i).startsWith("map_value"));
  return {
    title: `A helper would touch a ${fieldWords(field)}`, registers: n > 0 ? [n] : [],
    reason: `${name}() reads or writes the map's value${n > 0 ? ` at ${c.who(n)}` : ""} where its ${fieldWords(field)} lies.`,
    fixes: [`Pass the address and size of members that do not include the ${fieldWords(field)}`, "Or copy what is needed to a variable and pass that"],
  };
}
/** Does BTF show such a field in the map's value, whatever the kernel made of it? */
function declares(map: VMap, field: string): boolean {
  const { btf } = map;
  const value = btf && map.spec.valueTypeId ? btf.resolve(map.spec.valueTypeId) : undefined;
  if (!btf || !value) return false;
  if (value.kind === BtfKind.DATASEC) return value.secinfos.some((s) => { const v = btf.type(s.type); return v?.kind === BtfKind.VAR && btf.resolve(v.type)?.name === field; });
  return value.kind === BtfKind.STRUCT && value.members.some((m) => btf.resolve(m.type)?.name === field);
}
/** A special field that is not where the call looks for it. */
function misplaced(c: Case): Told {
  const { message } = c;
  const n = Number(/^R(\d+)/.exec(message)?.[1] ?? c.env.regsBefore.findIndex((r, i) => i >= 1 && i <= 5 && regBtfRecord(c.env, r) !== null));
  const regno = n > 0 ? n : 1;
  const reg = c.reg(regno);
  const record = reg ? regBtfRecord(c.env, reg) : null;
  const object = reg?.map ? `the value of map ${reg.map.name}` : "the object";
  const has = record && record.fields.length > 0 ? `; what it has: ${record.fields.map((f) => `${fieldTypeName(f.type)} at ${f.offset}`).join(", ")}` : "";
  const told = (title: string, reason: string, ...fixes: string[]): Told => ({ title, registers: [regno], reason, fixes });
  const off = /^off (-?\d+) doesn't point to 'struct (\S+)' that is at (-?\d+)/.exec(message);
  if (off) return told(`${off[2]} lies at another offset`, `${call(c)} takes the address of the ${off[2]}, which is at offset ${off[3]} of ${object}; ${c.who(regno)} is at offset ${off[1]}.`, `Pass the address of that member: \`&p->MEMBER\`, where p points to the start of the structure and MEMBER is its struct ${off[2]}`);
  const variable = /(\S+) has to be at the constant offset/.exec(message);
  if (variable) return told(`The ${variable[1]} is looked for at a variable offset`, `${call(c)} takes the address of the ${variable[1]}; ${c.who(regno)} has an offset that is not a constant (${c.what(regno)}).`, "Pass the address of the member of one element, not of one in an array found by a variable index", "Put each element into a map entry of its own and look it up");
  const btf = /map '(\S+)' has to have BTF in order to use (\S+)/.exec(message);
  if (btf) return told(`BTF does not say where map ${btf[1]} has its ${btf[2]}`, `${call(c)} needs the type of the map's value, and the map was created without it.`, "Declare the map with `__type(key, …); __type(value, struct …);` instead of __uint(key_size, …) and __uint(value_size, …)", "Compile with -g");
  const none = /(?:map '(\S+)'|local '\S+'|R\d+) has no valid (\S+)/.exec(message);
  if (none) {
    if (reg?.map && declares(reg.map, none[2]!))
      return told(`The special fields of ${object} cannot be used`, `${call(c)} takes the address of a ${none[2]}. BTF shows one in ${object}, but the kernel does not take its special fields as they are declared: a list head or tree root whose \`__contains(type, member)\` names no fitting node, or a field at an odd place.`, "Correct the list heads and tree roots beside it: `__contains(struct's name, name of its bpf_list_node or bpf_rb_node)`", "Put the lock and what it guards into the same structure (or the same `private(A)` section)");
    const global = none[1]?.includes(".") === true;
    return told(`There is no ${none[2]} in what is passed`, `${call(c)} takes the address of a ${none[2]}, and ${object}, to which ${c.who(regno)} points, has none${has}.`, `Add a member \`struct ${none[2]} …;\` to the structure and pass its address`,
      ...(global ? [`A global ${none[2]} needs a section of its own, so that BTF describes it: \`private(A) struct ${none[2]} …;\` with \`#define private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))\``] : []));
  }
  return told("The field is not where the call looks for it", `${call(c)} takes the address of a special field: ${message}.`, "Pass the address of that very member");
}
/** Maps whose values have fields that this type of program may not come near. */
function typeAndField(c: Case, kind: string, field0: string): Told {
  const field = field0.includes("list_head") ? "a list head or tree root" : article(field0);
  const types: readonly string[] = field0.includes("list_head") ? ["list_head", "rb_root"] : [field0.replace("bpf_", "")];
  const here = c.located && c.insn?.code === OP_LD_IMM64 ? c.env.maps[c.insn.imm] : undefined;
  const maps = here ? [here] : c.env.maps.filter((m) => recordHasField(m.record, ...(types as never[])));
  const one = maps.length === 1;
  return {
    title: `${kind[0]!.toUpperCase()}${kind.slice(1)} programs cannot use maps with ${field}`,
    reason: `${maps.length === 0 ? "A map that the program uses has" : one ? `The value of map ${maps[0]!.name} has` : `The values of maps ${anyOf(maps.map((m) => m.name)).replace(" or ", " and ")} have`} ${field}${one ? "" : " in them"}; ${kind === "tracing" ? "a tracing program may interrupt another program that is working on it" : "programs of this type may not use it"}.`,
    fixes: [`Use a map without ${field} in this program`, ...(field0.includes("spin_lock") ? ["Use atomic operations (__sync_fetch_and_add()) or a per-CPU map instead of the lock"] : [])],
  };
}

export const LOCKS: readonly Family[] = [
  family("lock", "process_spin_lock", /^bpf_\w*spin_unlock of different lock$/, (c) => different(c)),
  family("lock", "process_spin_lock", /^bpf_\w*spin_unlock without taking a lock$/, (c) => without(c)),
  family("lock", "check_resource_leak", /^bpf_spin_unlock is missing$/, (c) => kept(c)),
  family("lock", "process_spin_lock", /^bpf_\w*spin_unlock cannot be out of order$/, (c) => order(c)),
  family("lock", "process_spin_lock", /^Locking two bpf_spin_locks are not allowed$/, (c) => second(c)),
  family("lock", "process_spin_lock", /^Acquiring the same lock again, AA deadlock detected$/, (c) => again(c)),
  family("lock", "do_check_insn", /^(?:function calls are not allowed while holding a lock|global function calls are not allowed while holding a lock,|use static function instead)$/, (c) => callUnderLock(c)),
  family("lock", "btf_struct_walk", /^direct access to (\w+) is disallowed$/, (c, m) => data(c, m[1]!)),
  family("lock", "check_map_access", /^(\w+) cannot be accessed directly by load\/store$/, (c, m) => data(c, m[1]!)),
  family("lock", "check_map_access", /^(\w+) cannot be accessed indirectly by helper$/, (c, m) => byHelper(c, m[1]!)),
  family("lock-type", "check_map_prog_compatibility", /^(tracing|socket filter) progs cannot use (bpf_\S+) yet$/, (c, m) => typeAndField(c, m[1]!, m[2]!)),
  family("lock-type", "process_spin_lock", /^(?:R\d+|map '\S+'|off -?\d+|map|arg#\d+) .*(?:has to have BTF in order to use|has no valid|doesn't point to 'struct|has to be at the constant offset|doesn't have constant offset).*$|^local '\S+' has no valid \S+$/, (c) => misplaced(c)),
];
