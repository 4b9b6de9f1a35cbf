/** The stack: bounds, bytes that were not written, spilled pointers, depth. */
import { slotType, STACK_DYNPTR, STACK_IRQ_FLAG, STACK_ITER, STACK_POISON } from "../../state/frame.ts";
import { type Case, type Family, family, fixed, plural, type Told } from "./case.ts";

/** fp-16 of an offset below the frame pointer. */
const fp = (off: number): string => (off <= 0 ? `fp${off === 0 ? "" : off}` : `fp+${off}`);

function outside(c: Case, off: number, size: number, n: number | null): Told {
  const low = off < -512;
  return {
    title: low ? "The stack has 512 bytes" : "Access beyond the frame's start", registers: n === null ? [] : [n],
    reason: `${c.call ? `${c.call.name}() accesses` : "The access takes"} ${plural(size, "byte")} from ${fp(off)} on; a frame is fp-512 to fp-1.`,
    fixes: low
      ? [`Begin at fp-512 or above: ${-512 - off} bytes too low`, "Move large buffers to a map (a per-CPU array with one element serves as scratch memory)"]
      : [size > 0 ? `Begin at ${fp(-size)} or below: the last byte would be ${fp(off + size - 1)}` : "Pass a size above 0", ...(c.call && off < 0 ? [`Pass the buffer's own size to ${c.call.name}(): no more than ${off < 0 ? -off : 0} bytes lie from there to the frame's start`] : [])],
  };
}
const OBJECTS: Readonly<Record<number, string>> = { [STACK_DYNPTR]: "a dynptr", [STACK_ITER]: "an iterator", [STACK_IRQ_FLAG]: "saved interrupt flags", [STACK_POISON]: "a slot that the verifier took for unused" };
/** What the byte at that offset belongs to, when it is not simply unwritten. */
function objectAt(c: Case, n: number | null, off: number): string | null {
  const frame = c.walking ? c.env.curState.frames[(n === null ? undefined : c.reg(n))?.frameno ?? c.env.curState.curframe] : undefined;
  const slot = frame?.stack[Math.trunc((-off - 1) / 8)];
  return slot ? (OBJECTS[slotType(slot.types, (-off - 1) & 7)] ?? null) : null;
}
function unwritten(c: Case, n: number | null, off: number, at: number, size: number): Told {
  const first = off + at;
  const call = c.call;
  const object = objectAt(c, n, first);
  if (object !== null) {
    return {
      title: `The bytes of ${object} cannot be read`, registers: n === null ? [] : [n],
      reason: `${call ? `${call.name}() reads` : "The load reads"} ${plural(size, "byte")} from ${fp(off)} on${n === null ? "" : ` through ${c.who(n)}`}; ${fp(first)} belongs to ${object}, which only the functions made for it may read.`,
      fixes: ["Pass or read another variable", "Copy out what is needed with the functions made for it (bpf_dynptr_read(), bpf_iter_…_next())"],
    };
  }
  return {
    title: "Stack bytes are read that were never written", registers: n === null ? [] : [n],
    reason: `${call ? `${call.name}() reads` : "The load reads"} ${plural(size, "byte")} from ${fp(off)} on${n === null ? "" : ` through ${c.who(n)}`}, and ${fp(first)} (byte ${at} of them) was not written on this path.`,
    fixes: [
      `Initialise all ${plural(size, "byte")} at ${fp(off)} before: \`T x = {};\` or __builtin_memset(&x, 0, sizeof(x))`,
      "Padding between a structure's members counts: initialising each member leaves it unwritten",
      ...(call ? ["Write it in every branch that leads here"] : []),
    ],
  };
}
function variable(c: Case, n: number | null, what: string, unbounded: boolean): Told {
  return {
    title: unbounded ? "Index into the stack without bounds" : "Index into the stack may leave the frame", registers: n === null ? [] : [n],
    reason: `${n === null ? "The pointer" : c.who(n)} is a stack pointer with a variable part (${what}); at its ends the access would lie outside the frame or its buffer.`,
    fixes: ["Bound the index to the buffer's elements before it is used: `if (i >= COUNT) return …;`", "Or mask it, where the count is a power of two: `buf[i & (COUNT - 1)]`"],
  };
}

export const STACK: readonly Family[] = [
  family("stack-bounds", "check_stack_access_within_bounds", /^invalid(?: (?:write to|read from|indirect access to))? stack (?:R(\d+) )?off=(-?\d+) size=(-?\d+)$/, (c, m) => outside(c, Number(m[2]), Number(m[3]), m[1] ? Number(m[1]) : null)),
  family("stack-bounds", "check_stack_access_within_bounds", /^invalid (?:write to|read from|indirect access to) stack R(\d+) off=(-?\d+) size=(-?\d+)$/, (c, m) => outside(c, Number(m[2]), Number(m[3]), Number(m[1]))),
  family("stack-uninitialised", "check_stack_range_initialized", /^invalid (?:indirect )?read from stack (?:R(\d+) )?off (-?\d+)\+(\d+) size (\d+)$/, (c, m) => unwritten(c, m[1] ? Number(m[1]) : (c.access?.base ?? null), Number(m[2]), Number(m[3]), Number(m[4]))),
  family("stack-uninitialised", "check_stack_range_initialized", /^invalid (?:indirect )?read from stack (?:R(\d+) )?var_off (\S+ \S+|\S+)\+(\d+) size (\d+)$/, (c, m) => ({
    title: "Stack bytes are read that may not be written", registers: m[1] ? [Number(m[1])] : [],
    reason: `${c.call ? `${c.call.name}() reads` : "The load reads"} ${m[4]} bytes from a stack address with a variable part (${m[2]}), and not all bytes it may reach were written.`, fixes: ["Initialise the whole buffer before it is indexed: `char buf[N] = {};`", "Bound the index to what was written"],
  })),
  family("stack-bounds", "check_stack_access_within_bounds", /^invalid variable-offset(?: (?:write to|read from|indirect access to))? stack R(\d+) var_off=(.*?) (?:off=-?\d+ )?size=\d+$/, (c, m) => variable(c, Number(m[1]), m[2]!, false)),
  family("stack-bounds", "check_stack_access_within_bounds", /^invalid unbounded variable-offset(?: (?:write to|read from|indirect access to))? stack R(\d+)/, (c, m) => variable(c, Number(m[1]), c.what(Number(m[1])), true)),
  family("stack-variable", "check_stack_range_initialized", /^(?:R(\d+) )?variable (?:offset )?stack (?:access|pointer) .*(?:prohibited|cannot be passed)/, (c, m) => variable(c, m[1] ? Number(m[1]) : null, "a variable offset", false)),
  fixed("stack-spill", "check_stack_read_fixed_off", /^invalid size of register (?:fill|spill)$/, "Part of a saved pointer is read", "The slot holds a whole register (8 bytes, perhaps a pointer), and the load takes only a part of it.", "Read all 8 bytes at the slot's own offset", "Write a number to the slot first when the pointer in it is no longer needed"),
  fixed("stack-spill", "check_stack_write_fixed_off", /^attempt to corrupt spilled pointer on stack$/, "A saved pointer would be overwritten in part", "The slot holds a pointer, and the store changes only some of its bytes.", "Overwrite all 8 bytes, or use another slot"),
  fixed("stack-spill", "check_stack_write_fixed_off", /^cannot spill pointers to stack into stack frame of the caller$/, "A pointer into this frame would outlive it", "The callee's stack is gone after its return; a pointer to it may not be stored in the caller's frame.", "Let the caller own the buffer and pass its address"),
  family("stack-depth", "check_max_stack_depth_subprog", /^combined stack size of (\d+) calls is (\d+)\. Too large$/, (_c, m) => ({
    title: "The functions' stacks together are too large", reason: `The deepest chain of ${m[1]} calls needs ${m[2]} bytes; all frames of a chain share 512 bytes.`, fixes: [`Save ${Number(m[2]) - 512} bytes or more: move large local variables to a per-CPU array with one element`, "Inline small functions (static __always_inline), or give each only the locals it needs"],
  })),
  family("stack-depth", "check_max_stack_depth_subprog", /^stack size of subprog (\d+) is (\d+)\. Too large$/, (_c, m) => ({ title: "A function's stack is too large", reason: `Function ${m[1]} needs ${m[2]} bytes of stack; 512 is the most.`, fixes: ["Move large local variables to a per-CPU array with one element"] })),
  family("stack-depth", "check_max_stack_depth_subprog", /^the call stack of (\d+) frames is too deep/, (_c, m) => ({ title: "Too many calls within calls", reason: `The chain of calls is ${m[1]} frames deep; 8 is the most.`, fixes: ["Inline functions of the chain (static __always_inline)", "Turn recursion into a loop"] })),
  family("stack-depth", "check_max_stack_depth_subprog", /^tail_calls are not allowed when call stack of previous frames is (\d+) bytes/, (_c, m) => ({ title: "Too much stack before a tail call", reason: `The functions that lead to the tail call use ${m[1]} bytes; with tail calls 256 is the most.`, fixes: ["Make the tail call from the main function, or use less stack before it"] })),
  fixed("callee-stack", "prepare_func_exit", /^cannot return stack pointer to the caller$/, "A pointer to the function's own stack is returned", "The frame is gone after the return.", "Let the caller own the buffer and pass its address"),
];
