/** Calls on the way that explain the state now: where a section was entered, what took a pointer's validity. */
import { BPF_PSEUDO_CALL, OP_CALL } from "../../../isa/table.ts";
import type { Case } from "./case.ts";
import type { Moment } from "./way.ts";

/** Instructions looked at for one question. */
const FAR = 20_000;

/** Calls of helpers and kfuncs before now, newest first, with the moment before each; `until` ends the search. */
export function* callsBefore(c: Case, until?: (name: string) => boolean): Generator<{ name: string; at: Moment }> {
  if (!c.way) return;
  let m = c.way.now();
  for (let i = 0; i < FAR; i++) {
    const prev = c.way.back(m);
    if (!prev) return;
    const insn = c.env.insns[prev.at.pos]!;
    if (insn.code === OP_CALL && insn.src !== BPF_PSEUDO_CALL) {
      const name = c.callAt(prev.at.pos)!.name;
      yield { name, at: prev.at };
      if (until?.(name)) return;
    }
    m = prev.at;
  }
}
/** Instruction that entered the section which is open now: the last `enter` that no `leave` answers. */
export function enteredAt(c: Case, enter: RegExp, leave: RegExp): number | null {
  let open = 0;
  for (const { name, at } of callsBefore(c)) {
    if (leave.test(name)) open++;
    else if (enter.test(name) && open-- === 0) return at.pos;
  }
  return null;
}
/** The instruction that made the value of a register at a moment, through copies, added constants and the stack. */
export function rootOf(c: Case, reg: number, m: Moment): Moment | null {
  let at = m, n = reg;
  for (let i = 0; c.way && i < 24; i++) {
    const def = c.way.define(n, at);
    if (def.kind === "passed") {
      at = def.at;
      continue;
    }
    if (def.kind !== "insn") return null;
    const insn = c.env.insns[def.at.pos]!;
    if (insn.code === 0xbf) n = insn.src;
    else if (insn.code === 0x79 && insn.src === 10) {
      const store = c.way.stored(insn.off, 8, def.at);
      const from = store && c.env.insns[store.pos]!;
      if (!store || !from || from.code !== 0x7b) return def.at;
      at = store;
      n = from.src;
      continue;
    } else if (insn.code !== 0x07) return def.at;
    at = def.at;
  }
  return null;
}
const MOVES_PACKET = /^bpf_(?:skb_(?:store_bytes|vlan_push|vlan_pop|change_\w+|pull_data|adjust_room)|xdp_(?:adjust_\w+|pull_data)|l[34]_csum_replace|clone_redirect|msg_(?:pull|push|pop)_data|lwt_\w+|tail_call|store_hdr_opt|reserve_hdr_opt)$/;
/** Releases, or hands over, what its argument holds. */
function gives(c: Case, name: string): number {
  if (name === "bpf_kptr_xchg" || /^bpf_(?:list_push_\w+|rbtree_add)(?:_impl)?$/.test(name)) return 2;
  if (/^bpf_(?:sk_release|ringbuf_(?:submit|discard))$/.test(name)) return 1;
  return c.env.kernel.kfunc(name)?.flags.includes("KF_RELEASE") ? 1 : 0;
}
/** How a register that holds a plain number now lost the pointer it held: "bpf_sk_release() at line 12 gave it back". */
export function lostBy(c: Case, n: number): { text: string; name: string; insn: number } | null {
  if (!c.way) return null;
  const root = rootOf(c, n, c.way.now());
  if (!root) return null;
  const packet = /->data(?:_meta)?$/.test(c.meanings?.ofInsn(root) ?? "");
  const borrowed = /^bpf_(?:rbtree_(?:first|root|left|right)|list_(?:front|back))$/.test(c.callAt(root.pos)?.name ?? "");
  for (const { name, at } of callsBefore(c)) {
    if (at.pos === root.pos && at.step === root.step) return null;
    const told = (what: string): { text: string; name: string; insn: number } => ({ text: `${name}() at ${c.place(at.pos)} ${what}`, name, insn: at.pos });
    if (packet && MOVES_PACKET.test(name)) return told("may have moved the packet");
    if (borrowed && /spin_unlock/.test(name)) return told("ended the section in which the object could not go away");
    const arg = gives(c, name);
    const given = arg > 0 ? rootOf(c, arg, at) : null;
    if (given && given.pos === root.pos && given.step === root.step) return told(/xchg|push|add/.test(name) ? "took it over" : "gave it back");
  }
  return null;
}
