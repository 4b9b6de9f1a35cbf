/** The stack: bounds, bytes that were not written, spilled pointers, depth. */
import { slotType, STACK_DYNPTR, STACK_IRQ_FLAG, STACK_ITER, STACK_POISON } from "../../state/frame.ts";
import { type Case, type Family, family, fixed, plural, type Told } from "./case.ts";

/** fp-16 of an offset below the frame pointer. */
const fp = (off: number): string => (off <= 0 ? `fp${off === 0 ? "" : off}` : `fp+${off}`);
const FRAME = "a frame is fp-512 to fp-1";
/** Buffers that do not fit on the stack. */
const ELSEWHERE = "Move large buffers to a map: an array with one element (BPF_MAP_TYPE_PERCPU_ARRAY) serves as scratch memory";

function outside(c: Case, off: number, size: number, n: number | null): Told {
  const low = off < -512;
  const call = c.call;
  const room = off < 0 ? -off : 0;
  return {
    title: low ? "The stack has 512 bytes" : call && room > 0 ? "The size is larger than the buffer on the stack" : "Access beyond the frame's start", registers: n === null || n === 10 ? [] : [n],
    reason: `${call ? `${call.name}() accesses` : "The access takes"} ${plural(size, "byte")} from ${fp(off)} on${call && !low && room > 0 ? `, and only ${plural(room, "byte")} lie from there to the end of the stack frame` : `; ${FRAME}`}.`,
    fixes: low
      ? [`Begin at fp-512 or above: ${-512 - off} bytes higher than now`, ELSEWHERE]
      : call && room > 0 ? [`Pass the buffer's own size to ${call.name}() (\`sizeof(buf)\`): ${room} at most`, `Or make the buffer larger: at least ${plural(size, "byte")}`]
      : [size > 0 ? `Begin at ${fp(-size)} or below: the last byte would be ${fp(off + size - 1)}` : "Pass a size above 0"],
  };
}
const OBJECTS: Readonly<Record<number, readonly [what: string, how: string]>> = {
  [STACK_DYNPTR]: ["a dynptr", "Copy out what is needed with bpf_dynptr_read(), or get a pointer to it with bpf_dynptr_data() or bpf_dynptr_slice()"], [STACK_ITER]: ["an iterator", "Take the elements from bpf_iter_…_next()"],
  [STACK_IRQ_FLAG]: ["saved interrupt flags", "Keep the flags for bpf_local_irq_restore() alone"], [STACK_POISON]: ["a slot that the verifier took for unused", "Read it on the path that wrote it"],
};
/** What the byte at that offset belongs to, when it is not simply unwritten. */
function objectAt(c: Case, n: number | null, off: number): readonly [string, string] | null {
  const frame = c.walking ? c.env.curState.frames[(n === null ? undefined : c.reg(n))?.frameno ?? c.env.curState.curframe] : undefined;
  const slot = frame?.stack[Math.trunc((-off - 1) / 8)];
  return slot ? (OBJECTS[slotType(slot.types, (-off - 1) & 7)] ?? null) : null;
}
function unwritten(c: Case, n: number | null, off: number, at: number, size: number): Told {
  const first = off + at;
  const { call } = c;
  const registers = n === null || n === 10 ? [] : [n];
  const object = objectAt(c, n, first);
  const reads = `${call ? `${call.name}() reads` : "The load reads"} ${plural(size, "byte")} from ${fp(off)} on${registers.length === 0 ? "" : ` through ${c.who(n!)}`}`;
  if (object !== null) {
    return { title: `The bytes of ${object[0]} cannot be read`, registers, reason: `${reads}; ${fp(first)} belongs to ${object[0]}, which only the functions made for it may read.`, fixes: [object[1], ...(call ? [`Or pass another variable to ${call.name}()`] : [])] };
  }
  return {
    title: "Stack bytes are read that were never written", registers,
    reason: `${reads}, and ${fp(first)} (byte ${at} of them) was not written on this path.`,
    fixes: [
      `Initialise all ${plural(size, "byte")} at ${fp(off)} before: \`T x = {};\` or \`__builtin_memset(&x, 0, sizeof(x));\``,
      ...(size > 1 ? ["Padding between a structure's members counts: initialising each member leaves it unwritten"] : []),
      ...(call ? ["Write it in every branch that leads here"] : []),
    ],
  };
}
/** An index that may leave the frame: from where to where the access may begin. */
function variable(c: Case, n: number, size: number): Told {
  const r = c.reg(n);
  const off = c.access && c.access.base === n ? c.access.off : 0;
  const add = (r?.off ?? 0) + off;
  const lo = r ? Number(r.r64.smin) + add : 0, hi = r ? Number(r.r64.smax) + add : 0;
  const far = lo < -(2 ** 29) || hi >= 2 ** 29;
  const found = c.way && c.meanings?.indexOf(n, c.way.now());
  const named = /^[^[]*\[([^[\]]+)\]$/.exec(c.expression)?.[1]?.trim();
  const name = named && !/^\d+$/.test(named) ? named : (found?.index ?? "i");
  const base = found ? found.add + off : null;
  const most = found && base !== null && base < 0 ? Math.floor((-size - base) / found.unit) : null;
  const where = far ? `anywhere from ${lo < -(2 ** 29) ? "far below the frame" : fp(lo)} to ${hi >= 2 ** 29 ? "far above it" : fp(hi)}` : `anywhere from ${fp(lo)} to ${fp(hi)}`;
  return {
    title: far ? "Index into the stack without bounds" : "Index into the stack may leave the frame", registers: [n],
    reason: `The access of ${plural(size, "byte")}${c.call ? ` by ${c.call.name}()` : ""} through ${c.who(n)} may begin ${where}; ${FRAME}.`,
    fixes: [
      most !== null && most >= 0 ? `Bound ${name} to the buffer's elements before it is used: \`if (${name} > ${most}) return …;\`, or less where the buffer is shorter${lo < -512 ? " (and make it unsigned, so that it cannot be negative)" : ""}` : `Bound ${name} to the buffer's elements before it is used: \`if (${name} >= COUNT) return …;\`, with ${name} unsigned`,
      "Or mask it, where the number of elements is a power of two: `buf[i & (COUNT - 1)]`",
    ],
  };
}
/** A function and what its frame takes, deepest chain of calls from the program down. */
function depth(c: Case, total: number, calls: number): Told {
  const { env } = c;
  const frames = env.subprogs.slice(0, env.subprogCnt).map((s, i) => ({ name: env.subprogName(i) || `func#${i}`, bytes: s.stackDepth, start: s.start })).sort((a, b) => b.bytes - a.bytes);
  const most = frames.filter((f) => f.bytes > 0).slice(0, 4);
  const list = most.map((f) => `${f.name}() ${plural(f.bytes, "byte")}`).join(", ");
  return {
    title: "The functions' stacks together are too large", ...(most[0] ? { at: most[0].start } : {}),
    reason: `A chain of ${plural(calls, "function")} that call one another needs ${total} bytes of stack; all frames of a chain share 512 bytes (each is rounded up). ${frames.length > 1 ? "The largest frames" : "The frame"}: ${list}.`,
    fixes: [`Save ${total - 512} bytes or more in functions of the chain: move large local variables to a map, an array with one element (BPF_MAP_TYPE_PERCPU_ARRAY)`, "Or do not call one from the other: what runs one after the other shares its stack"],
  };
}

export const STACK: readonly Family[] = [
  family("stack-bounds", "check_stack_access_within_bounds", /^invalid(?: (?:write to|read from|indirect access to))? stack (?:R(\d+) )?off=(-?\d+) size=(-?\d+)$/, (c, m) => outside(c, Number(m[2]), Number(m[3]), m[1] ? Number(m[1]) : null)),
  family("stack-uninitialised", "check_stack_range_initialized", /^invalid (?:indirect )?read from stack (?:R(\d+) )?off (-?\d+)\+(\d+) size (\d+)$/, (c, m) => unwritten(c, m[1] ? Number(m[1]) : (c.access?.base ?? null), Number(m[2]), Number(m[3]), Number(m[4]))),
  family("stack-uninitialised", "check_stack_range_initialized", /^invalid (?:indirect )?read from stack (?:R(\d+) )?var_off (\S+ \S+|\S+)\+(\d+) size (\d+)$/, (c, m) => {
    const n = m[1] ? Number(m[1]) : (c.access?.base ?? null);
    return {
      title: "Stack bytes are read that may not be written", registers: n === null ? [] : [n],
      reason: `${c.call ? `${c.call.name}() reads` : "The load reads"} ${plural(Number(m[4]), "byte")}${n === null ? "" : ` through ${c.who(n)}`}, a stack address with a variable part, and not all bytes it may reach were written on this path.`, fixes: ["Initialise the whole buffer before it is indexed: `char buf[N] = {};`", "Or bound the index to what was written"],
    };
  }),
  family("stack-bounds", "check_stack_access_within_bounds", /^invalid variable-offset(?: (?:write to|read from|indirect access to))? stack R(\d+) var_off=(.*?) (?:off=-?\d+ )?size=(\d+)$/, (c, m) => variable(c, Number(m[1]), Number(m[3]))),
  family("stack-bounds", "check_stack_access_within_bounds", /^invalid unbounded variable-offset(?: (?:write to|read from|indirect access to))? stack R(\d+)/, (c, m) => variable(c, Number(m[1]), c.access?.size ?? 1)),
  family("stack-variable", "check_stack_range_initialized", /^(?:R(\d+) )?variable (?:offset )?stack (?:access|pointer) .*(?:prohibited|cannot be passed)/, (c, m) => {
    const n = m[1] ? Number(m[1]) : (c.access?.base ?? null);
    return {
      title: "A variable index into the stack needs a privilege", registers: n === null ? [] : [n],
      reason: `${n === null ? "The pointer" : c.who(n)} points to the stack at an offset that is not a constant; without CAP_PERFMON a program may access its stack at constant offsets only.`,
      fixes: ["Access the stack at constant offsets, or keep the array in a map", "Or load the program with CAP_PERFMON"],
    };
  }),
  fixed("stack-spill", "check_stack_read_fixed_off", /^invalid size of register fill$/, "Part of a saved pointer is read", "The stack slot holds a pointer, 8 bytes, and the load takes only a part of it.", "Read all 8 bytes at the slot's own offset", "Or write a number to the slot first, when the pointer in it is no longer needed"),
  fixed("stack-spill", "check_stack_write_fixed_off", /^invalid size of register spill$/, "Part of a pointer is stored", "The register holds a pointer, 8 bytes, and the store would put only a part of it on the stack.", "Store all 8 bytes in a variable of a pointer's size (8 bytes, aligned)"),
  fixed("stack-spill", "check_stack_write_fixed_off", /^attempt to corrupt spilled pointer on stack$/, "A saved pointer would be overwritten in part", "The slot holds a pointer, and the store changes only some of its bytes; without CAP_PERFMON that is not allowed.", "Overwrite all 8 bytes, or use another slot", "Or load the program with CAP_PERFMON"),
  fixed("stack-spill", "check_stack_write_fixed_off", /^cannot spill pointers to stack into stack frame of the caller$/, "A pointer into this frame would outlive it", "The callee's stack is gone after its return; a pointer to it may not be stored in the caller's frame.", "Let the caller own the buffer and pass its address"),
  family("stack-depth", "check_max_stack_depth_subprog", /^combined stack size of (\d+) calls is (\d+)\. Too large$/, (c, m) => depth(c, Number(m[2]), Number(m[1]))),
  family("stack-depth", "check_max_stack_depth_subprog", /^stack size of subprog (\d+) is (\d+)\. Too large$/, (c, m) => {
    const i = Number(m[1]);
    return { title: "A function's stack is too large", reason: `${c.env.subprogName(i) || `Function ${i}`}() needs ${m[2]} bytes of stack; 512 is the most.`, fixes: [ELSEWHERE], ...(c.env.subprogs[i] ? { at: c.env.subprogs[i]!.start } : {}) };
  }),
  family("stack-depth", "check_max_stack_depth_subprog", /^the call stack of (\d+) frames is too deep/, (c, m) => ({ title: "Too many calls within calls", reason: `The chain of calls is ${m[1]} frames deep; ${c.env.maxCallFrames} is the most on Linux ${c.env.kernel.name}.`, fixes: ["Inline functions of the chain (static __always_inline)", "Turn recursion into a loop"] })),
  family("stack-depth", "check_max_stack_depth_subprog", /^tail_calls are not allowed when call stack of previous frames is (\d+) bytes/, (_c, m) => ({ title: "Too much stack before a tail call", reason: `The functions that lead to the tail call use ${m[1]} bytes of stack; below a tail call 255 is the most.`, fixes: ["Make the tail call from the main function, or use less stack in the functions before it"] })),
  fixed("callee-stack", "prepare_func_exit", /^cannot return stack pointer to the caller$/, "A pointer to the function's own stack is returned", "The frame is gone after the return.", "Let the caller own the buffer and pass its address"),
];
