/** Objects of the kernel's that live in a program's local variables: dynptrs, iterators, saved interrupt flags. */
import { stackOffset } from "../../checks/kfunc/stack-object.ts";
import { slotType, STACK_DYNPTR, STACK_INVALID, STACK_IRQ_FLAG, STACK_ITER, type StackSlot } from "../../state/frame.ts";
import { CONST_PTR_TO_DYNPTR, PTR_TO_STACK } from "../../state/reg-type.ts";
import { callsBefore } from "./calls-before.ts";
import { article, type Case, type Family, family, type Told, typeWords } from "./case.ts";

const call = (c: Case): string => (c.call ? `${c.call.name}()` : "The instruction");
/** The eight bytes a stack pointer points to; undefined where none were written. */
function slotAt(c: Case, n: number): StackSlot | undefined {
  const reg = c.reg(n);
  const off = reg?.type === PTR_TO_STACK ? stackOffset(reg) : undefined;
  return reg && off !== undefined && off < 0 ? c.env.curState.frames[reg.frameno]?.stack[Math.trunc((-off - 1) / 8)] : undefined;
}
const holds = (slot: StackSlot | undefined, type: number): boolean => slot !== undefined && [0, 1, 2, 3, 4, 5, 6, 7].some((i) => slotType(slot.types, i) === type);
const KINDS: readonly [type: number, words: string][] = [[STACK_DYNPTR, "a dynptr"], [STACK_ITER, "an iterator"], [STACK_IRQ_FLAG, "saved interrupt flags"]];
const ENDS = /^bpf_(?:ringbuf_(?:submit|discard)_dynptr|dynptr_file_discard|iter_\w+_destroy|local_irq_restore|res_spin_unlock_irqrestore)$/;
/** "was given back by bpf_ringbuf_submit_dynptr() at line 12" */
function endedBy(c: Case, n: number): string | null {
  const means = c.means(n);
  if (means === null) return null;
  for (const { name, at } of callsBefore(c)) {
    const same = [1, 2, 3, 4, 5].some((r) => c.meanings?.of(r, at) === means);
    if (same && ENDS.test(name)) return `was given back by ${name}() at ${c.place(at.pos)}`;
    if (same && MAKES.test(name)) return null;
  }
  return null;
}
/** "the variable there holds an iterator", for what was expected and is not there. */
function found(c: Case, n: number): string {
  const ended = endedBy(c, n);
  if (ended !== null) return `the variable at ${c.who(n)} ${ended}`;
  const slot = slotAt(c, n);
  const kind = KINDS.find(([type]) => holds(slot, type));
  if (kind) return `the variable at ${c.who(n)} holds ${kind[1]}`;
  return `the variable at ${c.who(n)} ${!slot || [0, 1, 2, 3, 4, 5, 6, 7].every((i) => slotType(slot.types, i) === STACK_INVALID) ? "was not set by any call on this path, or was given back already" : "holds plain bytes: it was never set by such a call, or was overwritten or given back since"}`;
}
/** The register that the message names; "arg #1" is the first argument before 6.2, the second since. */
function regOf(c: Case): number {
  const reg = /R(\d+)/.exec(c.message)?.[1];
  return reg !== undefined ? Number(reg) : Number(/arg ?#(\d+)/.exec(c.message)?.[1] ?? 0) + (c.env.f.btf_records ? 1 : 0);
}
/** The argument that points to the stack, where the message does not say which. */
function stackArgument(c: Case, preferred: number): number {
  const fits = (n: number): boolean => c.reg(n)?.type === PTR_TO_STACK;
  if (fits(preferred)) return preferred;
  for (let n = 5; n >= 1; n--) if (fits(n)) return n;
  return preferred;
}
/** The call that set the object up: the last with the same address as argument, or the only one there was. */
function setBy(c: Case, pattern: RegExp, n: number): { text: string; related: NonNullable<Told["related"]> } | null {
  const means = c.means(n);
  let only: { name: string; pos: number } | null = null;
  let count = 0;
  for (const { name, at } of callsBefore(c)) {
    if (!pattern.test(name)) continue;
    if (++count > 16) break;
    const same = means !== null && [1, 2, 3, 4, 5].some((r) => c.meanings?.of(r, at) === means);
    if (same || only === null) only = { name, pos: at.pos };
    if (same) {
      count = 1;
      break;
    }
  }
  return only && count === 1 ? { text: ` (${only.name}() at ${c.place(only.pos)})`, related: [c.related(only.pos, `${only.name}() is called here`)] } : null;
}
const MAKERS: Readonly<Record<string, string>> = {
  local: "bpf_dynptr_from_mem()", ringbuf: "bpf_ringbuf_reserve_dynptr()", skb: "bpf_dynptr_from_skb()", xdp: "bpf_dynptr_from_xdp()", skb_meta: "bpf_dynptr_from_skb_meta()", file: "bpf_dynptr_from_file()",
};
const MAKES = /^bpf_(?:dynptr_(?:from_\w+|clone)|ringbuf_reserve_dynptr|iter_\w+_new|local_irq_save|res_spin_lock_irqsave)$/;
const DYNPTR_MADE = /^bpf_(?:dynptr_(?:from_\w+|clone)|ringbuf_reserve_dynptr)$/;
/** A stack pointer that no dynptr or iterator can begin at. */
function misplacedOnStack(c: Case, n: number, what: string, type: string): Told | null {
  const m = c.line(/^(?:\w+ has to be at a constant offset|cannot pass in \w+ at an offset=(-?\d+))$/);
  if (!m) return null;
  return {
    title: `${what[0]!.toUpperCase()}${what.slice(1)} is not at the start of its variable`, registers: [n],
    reason: `${call(c)} takes the address of ${article(`${type} variable`)}; ${c.who(n)} ${m[1] === undefined ? "has an offset that is not a constant" : `points to offset ${m[1]} of the frame, and no such variable can begin there`}.`,
    fixes: [`Pass the address of the variable itself: \`${type} v; … &v\``],
  };
}
function dynptr(c: Case, m: RegExpExecArray): Told {
  const { message } = c;
  const named = regOf(c);
  if (/^cannot overwrite referenced dynptr$/.test(message)) {
    const n = c.access?.base ?? stackArgument(c, 1);
    const by = setBy(c, DYNPTR_MADE, n);
    return { title: "A dynptr that is in use would be overwritten", registers: [n], reason: `${c.call ? `${call(c)} writes` : "The store goes"} over a dynptr that holds a reference${by?.text ?? ""}; overwritten, it could not be given back any more.`, fixes: ["Give it back first (bpf_ringbuf_submit_dynptr(), bpf_ringbuf_discard_dynptr(), bpf_dynptr_file_discard())", "Or use another variable"], ...(by ? { related: by.related } : {}) };
  }
  if (m[4] !== undefined) {
    return { title: "A helper would write over a dynptr", registers: [stackArgument(c, 1)], reason: `${call(c)} may write from ${c.who(stackArgument(c, 1))} on, and the bytes it may write reach a dynptr at fp${m[4]}; only the functions made for dynptrs may change one.`, fixes: ["Pass a buffer of its own, and no more than its size"] };
  }
  if (/^CONST_PTR_TO_DYNPTR cannot be released$|^cannot release unowned/.test(message)) {
    return { title: "This dynptr is not the program's to give back", registers: [1], reason: `${call(c)} gives a dynptr back; ${c.who(1)} is one that the kernel lends to the callback, and takes back itself.`, fixes: ["Leave the call out: the callback only reads or writes the dynptr", "Give back only dynptrs that the program reserved with bpf_ringbuf_reserve_dynptr()"] };
  }
  if (/^Dynptr has to be an uninitialized/.test(message)) {
    const n = stackArgument(c, c.call?.name === "bpf_dynptr_from_mem" || c.call?.name === "bpf_ringbuf_reserve_dynptr" ? 4 : 3);
    const wrong = misplacedOnStack(c, n, "the dynptr", "struct bpf_dynptr");
    if (wrong) return wrong;
    return { title: "The dynptr is set up already", registers: [n], reason: `${call(c)} sets up a new dynptr and takes the address of a local variable for it; ${c.who(n)} is ${c.reg(n)?.type === CONST_PTR_TO_DYNPTR ? "a dynptr that was given to this function" : found(c, n)}.`, fixes: ["Use another local variable: `struct bpf_dynptr other;`"] };
  }
  const n = /expected pointer to stack|initialized dynptr as|of type/.test(message) ? named : stackArgument(c, 1);
  const wrong = misplacedOnStack(c, n, "the dynptr", "struct bpf_dynptr");
  if (wrong) return wrong;
  if (/expected pointer to stack/.test(message)) {
    return { title: "The dynptr has to be a local variable", registers: [n], reason: `${call(c)} takes the address of a dynptr in a local variable of the function; ${c.who(n)} is ${typeWords(c.typeOf(n))}.`, fixes: ["Declare it in the function and pass its address: `struct bpf_dynptr d; … &d`"] };
  }
  if (m[3] !== undefined) {
    const want = MAKERS[m[3]] ?? "another function";
    const have = slotAt(c, n)?.spilled.dynptrType;
    return { title: "A dynptr of another kind is needed", registers: [n], reason: `${call(c)} takes a dynptr made by ${want}; the one at ${c.who(n)} was made by ${have ? (MAKERS[have] ?? "another function") : "another function"}.`, fixes: [`Pass a dynptr that ${want} set up`] };
  }
  return {
    title: "An initialised dynptr is needed", registers: [n],
    reason: `${call(c)} takes a dynptr that was set up on this path, and ${found(c, n)}.`,
    fixes: ["Set it up before this call with bpf_dynptr_from_mem(), bpf_dynptr_from_skb(), bpf_ringbuf_reserve_dynptr() … on every path that leads here", "Do not use it after it was given back (submit or discard)"],
  };
}
function fromMem(c: Case, type: string): Told {
  return {
    title: "A dynptr cannot be made of this memory", registers: [1], reason: `bpf_dynptr_from_mem() takes memory inside a map's value; ${c.who(1)} is ${typeWords(type)}.`,
    fixes: [type === "fp" ? "Make the buffer a global variable (`static char buf[64];` outside of the function: it then lies in a map, .bss) or a map's value" : "Pass the address of a map's value or of a global variable (which lies in a map, .bss or .data)"],
  };
}
const iterOf = (c: Case, name: string | undefined): string => name || (/^bpf_iter_(\w+)_(?:new|next|destroy)$/.exec(c.call?.name ?? "")?.[1] ?? "");
function iterator(c: Case, m: RegExpExecArray): Told {
  const kind = iterOf(c, m[2]);
  const named = kind === "" ? "bpf_iter_…" : `bpf_iter_${kind}`;
  const n = regOf(c);
  const wrong = misplacedOnStack(c, n, "the iterator", `struct ${named}`);
  if (wrong) return wrong;
  if (m[1] === "uninitialized") {
    const by = setBy(c, /^bpf_iter_\w+_new$/, n);
    return { title: "The iterator is in use already", registers: [n], reason: `${call(c)} starts an iteration in ${c.who(n)}, a variable that holds an iterator in use${by?.text ?? ""}.`, fixes: [`Call ${named}_destroy() before it is started again`, "Or use another variable"], ...(by ? { related: by.related } : {}) };
  }
  return {
    title: "The iterator is not initialised", registers: [n], reason: `${call(c)} takes an iterator that ${named}_new() set up on this path, and ${found(c, n)}.`,
    fixes: [`Call ${named}_new() on every path that leads here, and nothing but its destroy after the last use`, kind === "num" ? "Or write bpf_for(i, from, to) or bpf_repeat(n), which do all of this" : `Or write bpf_for_each(${kind || "…"}, …), which does all of this`],
  };
}
function irq(c: Case): Told {
  const { message } = c;
  const n = regOf(c);
  const tell = (title: string, reason: string, ...fixes: string[]): Told => ({ title, registers: [n], reason, fixes });
  const save = setBy(c, /irq_?save$/, n);
  const order = /out of order, expected id=\d+ acquired at insn_idx=(\d+)/.exec(message);
  if (order) {
    const at = Number(order[1]);
    return { ...tell("Interrupt flags are restored in another order", `${call(c)} restores ${c.who(n)}, but the flags saved last (at ${c.place(at)}) have to be restored first.`, "Restore in the reverse of the order the flags were saved in"), registers: [1], related: [c.related(at, "the flags saved last")] };
  }
  const family1 = /^irq flag acquired by (\w+) kfuncs/.exec(message);
  if (family1) {
    const pair = family1[1] === "native" ? "bpf_local_irq_save()" : "bpf_res_spin_lock_irqsave()";
    return { ...tell("Interrupt flags are restored by another kind of function", `${call(c)} restores flags that ${pair} saved; each kind restores its own.`, family1[1] === "native" ? "Restore with bpf_local_irq_restore()" : "Restore with bpf_res_spin_unlock_irqrestore()"), ...(save ? { related: save.related } : {}) };
  }
  if (/doesn't point to an irq flag on stack/.test(message)) return tell("The flags have to be a local variable", `${call(c)} takes the address of a local variable for the flags; ${c.who(n)} is ${typeWords(c.typeOf(n))}.`, "Declare it in the function: `unsigned long flags;`, and pass &flags");
  const wrong = misplacedOnStack(c, n, "the variable for the flags", "unsigned long");
  if (wrong) return wrong;
  if (/uninitialized/.test(message)) return { ...tell("The variable holds saved flags already", `${call(c)} saves the flags in ${c.who(n)}, where flags are saved already${save?.text ?? ""} and were not restored.`, "Use another local variable for the inner section", "Or restore the flags first"), ...(save ? { related: save.related } : {}) };
  return tell("There are no saved flags to restore", `${call(c)} restores flags from ${c.who(n)}, and ${found(c, n)}.`, "Save them first, into the same local variable and on every path that leads here: bpf_local_irq_save(&flags)", "Restore once for each save");
}

export const STACK_OBJECTS: readonly Family[] = [
  family("dynptr", "process_dynptr_func", /^(?:Expected an initialized dynptr as (?:arg #(\d+)|R(\d+))|Dynptr has to be an uninitialized dynptr|Expected a dynptr of type (\S+) as .*|CONST_PTR_TO_DYNPTR cannot be released|cannot overwrite referenced dynptr|cannot pass in (?:dynptr|\S+) at an offset.*|(?:R\d+|arg#\d+) expected pointer to stack or const struct bpf_dynptr|dynptr has to be at a constant offset|cannot release unowned const bpf_dynptr|potential write to dynptr at off=(-?\d+) disallowed)$/, (c, m) => dynptr(c, m)),
  family("dynptr", "check_helper_call", /^Unsupported reg type (\S+) for bpf_dynptr_from_mem data$/, (c, m) => fromMem(c, m[1]!)),
  family("iterator", "process_iter_arg", /^expected (an initialized|uninitialized|valid) (?:iter_?(\w*)|iter pointer) as (?:arg ?#?(\d+)|R(\d+)).*$/, (c, m) => iterator(c, m)),
  family("iterator", "process_iter_arg", /^(?:R(\d+)|arg#(\d+)) expected pointer to an iterator on stack$/, (c) => ({ title: "The iterator has to be a local variable", registers: [regOf(c)], reason: `${call(c)} takes the address of an iterator in a local variable of the function; ${c.who(regOf(c))} is ${typeWords(c.typeOf(regOf(c)))}.`, fixes: [`Declare it in the function and pass its address: \`struct bpf_iter_${iterOf(c, undefined) || "…"} it; … &it\``] })),
  family("irq", "process_irq_flag", /^(?:expected (?:an )?(?:un)?initialized irq flag as .*|(?:arg#\d+|R\d+) doesn't point to an irq flag on stack|cannot restore irq state out of order.*|irq flag acquired by .*)$/, (c) => irq(c)),
];
