/**
 * Which report goes with which message (kernel 7.3 diagnostics.c and its callers). Every place of the kernel that files a
 * report has a message of its own just before it, so the message tells which report it is. The words are the kernel's.
 */
import { BPF_EXIT, BPF_JA, BPF_JMP, BPF_JMP32, BPF_LDX, BPF_ST, BPF_STX, bpfClass } from "../../isa/table.ts";
import { fetchKfuncMeta, hasSuffix, pointee } from "../checks/kfunc/meta.ts";
import { sizeBytes } from "../checks/size.ts";
import { helperName, isGotox, isHelperCall, isKfuncCall, isPseudoCall } from "../passes/insn-info.ts";
import type { Insn } from "../../isa/types.ts";
import type { Env } from "../state/env.ts";
import type { RegState } from "../state/reg-state.ts";
import * as T from "../state/reg-type.ts";
import { isLockRef, type RefState } from "../state/state.ts";
import { type Cause, isUnbounded, rangeText, SECTION_NAMES as SECTION, typeText, wasInvalidated } from "./causal-path.ts";
import type { Section } from "./history.ts";
import { regTypeStr } from "./print-state.ts";

export type Category =
  | "Register Type Safety" | "Memory Safety" | "Resource Lifetime Safety" | "Call Type Safety" | "Execution Context Safety" | "Program Structure" | "Policy";

export interface Report {
  category: Category;
  /** begins small; the title has it with a capital */
  problem: string;
  reason: string;
  /** what stands at the arrow under the source line */
  at: string;
  suggestion: string;
  insn: number;
  /** filed before line information was looked at: the place is the instruction alone */
  early?: true;
  /** what the causal path follows; without it there is none */
  cause?: Cause;
  /** the lock that is held, shown with the place that took it */
  lock?: RefState;
}
/** The message taken apart: its groups, and the line before it. */
export interface Said { groups: readonly string[]; before: string }
/** `marked`: only where the check marked that a report follows (Log.freeze) or a kfunc is called; helpers say the same words elsewhere without one. */
export interface Rule { test: RegExp; marked?: true; make: (env: Env, said: Said) => Omit<Report, "insn"> & { insn?: number } }

const MAX_VAR_OFF = 536870912;
const reg = (env: Env, name: string): RegState | undefined => env.curState?.cur.regs[Number(name.replace(/^R/, ""))];

/** Kernel bpf_diag_reg_type_plain. */
function plain(env: Env, r: RegState | undefined): string {
  if (!r) return "an uninitialized value";
  const nullable = T.typeMayBeNull(r.type);
  switch (T.baseType(r.type)) {
    case T.NOT_INIT: return "an uninitialized value";
    case T.SCALAR_VALUE: return "an integer scalar";
    case T.PTR_TO_CTX: return "a context pointer";
    case T.PTR_TO_STACK: return "a stack pointer";
    case T.PTR_TO_MAP_VALUE: return nullable ? "a nullable map value pointer" : "a map value pointer";
    case T.PTR_TO_MEM: return nullable ? "a nullable memory pointer" : "a memory pointer";
    case T.PTR_TO_BTF_ID:
      if (nullable) return "a nullable kernel object pointer";
      if (T.typeIsNonOwningRef(r.type)) return "a borrowed allocated object pointer";
      if (T.typeIsPtrAllocObj(r.type)) return "an owned allocated object pointer";
      return r.type & T.PTR_UNTRUSTED ? "an untrusted kernel object pointer" : "a kernel object pointer";
    default: return regTypeStr(env, r.type);
  }
}
/** The function that the instruction calls, as the reports name it. */
function callee(env: Env): string {
  const { insn } = env;
  if (isHelperCall(insn)) return helperName(env, insn);
  if (isKfuncCall(insn)) return env.kfuncName(insn) ?? "call";
  const sub = isPseudoCall(insn) ? env.findSubprog(env.insnIdx + insn.imm + 1) : -1;
  return sub >= 0 ? env.subprogName(sub) : "call";
}
const helperCalled = (env: Env): string => `helper ${helperName(env, env.insn)}#${env.insn.imm}`;
const ORDINALS = ["", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"];

/** `(struct task_struct)`: what a kfunc's parameter points to. */
function expected(env: Env, name: string): string {
  const fetched = fetchKfuncMeta(env, env.insn);
  const param = fetched.ok ? fetched.meta.proto.params[Number(name.slice(1)) - 1] : undefined;
  if (param && hasSuffix(param, "__map")) return "(struct bpf_map)";
  const to = fetched.ok && param ? pointee(fetched.meta.btf, param.type) : undefined;
  return to ? typeText(to.type) : "";
}
/** The report follows what became of a register, where the name is one. */
function caused(name: string): { cause?: Cause } {
  const m = /^R(\d+)$/.exec(name);
  return m ? { cause: { of: "reg", regno: Number(m[1]) } } : {};
}
function argument(env: Env, name: string, reason: string, suggestion: string): ReturnType<Rule["make"]> {
  const arg = `${ORDINALS[Number(name.slice(1))] ?? ""} argument (${name})`;
  const call = callee(env);
  return { category: "Call Type Safety", problem: "invalid call argument", reason: `The ${arg} to ${call} does not satisfy the verifier contract: ${reason}.`, at: `invalid ${arg} for ${call}`, suggestion, ...caused(name) };
}
/** A pointer and its length (kernel check_mem_size_reg): which of the two is at fault. */
function memoryPair(env: Env, { groups: [memory = "", size = ""] }: Said): ReturnType<Rule["make"]> {
  const { smin, umax } = reg(env, size)?.r64 ?? { smin: 0n, umax: 0n };
  const advice = "Constrain the memory size to a non-negative value smaller than BPF_MAX_VAR_SIZ before this call.";
  if (smin < 0n) return argument(env, size, `the memory size in ${size} may be negative because its signed minimum is ${smin}`, advice);
  if (umax >= BigInt(MAX_VAR_OFF)) return argument(env, size, `the memory size in ${size} may reach ${umax} bytes, but variable memory accesses must stay below ${MAX_VAR_OFF} bytes`, advice);
  return argument(env, memory, `it is the memory pointer in a memory/length pair with ${size}, but ${memory} does not describe verifier-readable memory for the requested length`,
    "Pass a stack, map, context, or other verifier-known memory pointer, and keep the paired length within that object.");
}
const policy = (operation: string, reason: string, suggestion: string): ReturnType<Rule["make"]> =>
  ({ category: "Policy", problem: "operation is not allowed", reason: `The ${operation} is not allowed: ${reason}.`, at: `policy check failed for ${operation}`, suggestion });
const simple = (category: Category, problem: string, reason: string, suggestion: string, insn?: number, early?: true): ReturnType<Rule["make"]> =>
  ({ category, problem, reason, at: problem, suggestion, ...(insn === undefined ? {} : { insn }), ...(early ? { early } : {}) });
const resource = (test: RegExp, problem: string, reason: string, suggestion: string): Rule => ({ test, make: () => simple("Resource Lifetime Safety", problem, reason, suggestion) });

/** Reports about locks show the one that is held. */
const lockRule = (test: RegExp, problem: string, reason: string, suggestion: string, held: (env: Env) => RefState | undefined): Rule => ({
  test, make: (env) => ({ ...simple("Resource Lifetime Safety", problem, reason, suggestion), lock: held(env) }),
});
const innermost = ({ curState: st }: Env): RefState | undefined => st.refs.find((r) => isLockRef(r.type) && r.id === st.activeLockId && r.ptr === st.activeLockPtr);
function sameLock(env: Env): RefState | undefined {
  const r = env.curState.cur.regs[1]!;
  return env.curState.refs.find((l) => (l.type === "res_lock" || l.type === "res_lock_irq") && l.id === r.id && l.ptr === (r.map ?? r.btf));
}
const irqRule = (test: RegExp, make: (said: Said) => [problem: string, reason: string, suggestion: string]): Rule => ({
  test, make: (env, said) => ({ ...simple("Resource Lifetime Safety", ...make(said)), ...(depth(env, "irq") > 0 ? { cause: { of: "section", section: "irq", depth: depth(env, "irq") } } : {}) }),
});

// sections that forbid an operation
const CONSTRAINT: Readonly<Record<Section, string>> = {
  rcu: "RCU read-side critical sections cannot call operations that may sleep", preempt: "preemption-disabled code cannot call operations that may sleep",
  irq: "IRQ-disabled code cannot call operations that may sleep", lock: "code holding a BPF spin lock cannot call operations that may sleep",
};
function depth(env: Env, s: Section): number {
  const st = env.curState;
  return s === "rcu" ? st.activeRcuLocks : s === "preempt" ? st.activePreemptLocks : s === "lock" ? st.activeLocks : st.refs.filter((r) => r.type === "irq").length;
}
function active(env: Env, s: Section): string {
  const n = depth(env, s);
  return n === 1 ? `an active ${SECTION[s]} (depth 1)` : `${n} active ${SECTION[s]}s (depth ${n})`;
}
const NOT_HERE = "operation is not allowed in this context";
function stillIn(env: Env, operation: string, s: Section, suggestion: string): ReturnType<Rule["make"]> {
  return {
    category: "Execution Context Safety", problem: NOT_HERE,
    reason: `The operation ${operation} cannot be used while this path is still inside ${active(env, s)}. Leave the region before this operation.`,
    at: `${operation} is not allowed before leaving ${SECTION[s]}`, suggestion, cause: { of: "section", section: s, depth: depth(env, s) },
  };
}
function maySleep(env: Env, operation: string, suggestion: string): ReturnType<Rule["make"]> {
  const st = env.curState;
  const s: Section | null = st.activeRcuLocks ? "rcu" : st.activePreemptLocks ? "preempt" : st.activeIrqId ? "irq" : st.activeLocks ? "lock" : null;
  const where = s ? SECTION[s] : "non-sleepable program";
  let reason = `The operation ${operation} cannot be used in ${where}`;
  if (s) reason += ` because ${CONSTRAINT[s]}${depth(env, s) ? `. This path is still inside ${active(env, s)}` : ""}`;
  return { category: "Execution Context Safety", problem: NOT_HERE, reason: `${reason}.`, at: `${operation} is not allowed in ${where}`, suggestion, ...(s ? { cause: { of: "section", section: s, depth: depth(env, s) } } : {}) };
}
const needsRcu = (operation: string, suggestion: string): ReturnType<Rule["make"]> => ({
  category: "Execution Context Safety", problem: "required context is not active",
  reason: `The operation ${operation} requires an active RCU read lock region, but this path is outside one.`, at: `${operation} requires RCU read lock region`, suggestion,
});
const unmatched = (operation: string, s: Section, suggestion: string): ReturnType<Rule["make"]> => ({
  category: "Execution Context Safety", problem: "unmatched context exit",
  reason: `The operation ${operation} tries to leave ${SECTION[s]}, but this path has no active ${SECTION[s]} to leave. The current depth is 0.`,
  at: `${operation} has no matching enter on this path`, suggestion, cause: { of: "section", section: s, depth: 0 },
});

// memory
function offsetText(r: RegState, off: number): string {
  const { varOff } = r;
  if (varOff.mask === 0n) return `constant ${BigInt.asIntN(64, varOff.value) + BigInt(off)}`;
  if (isUnbounded(r)) return "unbounded";
  const fixed = off ? `, plus fixed offset ${off}` : "";
  return `variable: known bits 0x${varOff.value.toString(16)}, unknown mask 0x${varOff.mask.toString(16)}${fixed}; ${rangeText(r)}`;
}
/** Kernel bpf_diag_mem_bounds. How large object and access are stands in the line before, or follows from the instruction. */
function bounds(env: Env, said: Said, which: "negative" | "min" | "max" | "unbounded"): ReturnType<Rule["make"]> {
  const name = said.groups[0]!;
  const r = reg(env, name);
  const { insn, accessed } = env;
  const cls = bpfClass(insn.code);
  const plainAccess = cls === BPF_LDX || cls === BPF_ST || cls === BPF_STX;
  const line = /(?:value_size|key_size|mem_size)=(\d+) off=-?\d+ size=(\d+)/.exec(said.before) ?? /\boff=-?\d+ size=(\d+)/.exec(said.before);
  const known = accessed?.insn === env.insnIdx ? accessed : null;
  const size = known?.size ?? Number(line?.[line.length - 1] ?? (plainAccess ? sizeBytes(insn.code) : 0));
  const object = known?.object ?? (line?.length === 3 ? Number(line[1]) : r && r.map ? r.map.valueSize : (r?.memSize ?? 0));
  const off = known?.off ?? (plainAccess ? insn.off : 0);
  const smin = (r?.r64.smin ?? 0n) + BigInt(off), umax = r?.r64.umax ?? 0n;
  const proof = {
    negative: `the minimal bound for a memory access is a negative value: ${smin}`,
    min: `the minimal bound for a memory access is ${smin} and is outside of the object of size ${object}`,
    unbounded: `the maximal bound for a memory access is ${umax} and exceeds maximum allowed offset of ${MAX_VAR_OFF}`,
    max: `the maximal bound for a memory access is ${BigInt.asIntN(64, umax) + BigInt(off + size)}: start ${BigInt.asIntN(64, umax) + BigInt(off)} + access_size ${size}, beyond object_size ${object}`,
  }[which];
  return {
    category: "Memory Safety", problem: "access outside bounds",
    reason: `The verifier cannot prove offset + access_size <= object_size. Here, ${proof}. ${name} is ${r ? regTypeStr(env, r.type) : "unknown"}; offset is ${r ? offsetText(r, off) : "unknown"}; access_size is ${size}; object_size is ${object}.`,
    at: "access may be outside object bounds", suggestion: "Add or adjust a bounds check that proves offset + access_size stays within the object.",
    ...caused(name),
  };
}
function dereference(env: Env, said: Said): ReturnType<Rule["make"]> {
  const name = said.groups[0]!;
  const r = reg(env, name);
  const type = plain(env, r);
  const nullable = r !== undefined && r.type !== T.SCALAR_VALUE && T.typeMayBeNull(r.type);
  const reason = r?.type === T.SCALAR_VALUE
    ? `${name} is an integer scalar here, not a pointer to memory.`
    : nullable
      ? `${name} may be NULL here (${type}). The program could dereference NULL on this path, so the verifier cannot prove this access is safe.`
      : `${name} has type ${type} here, which is not valid for this memory access.`;
  return {
    category: "Register Type Safety", problem: "invalid dereference", reason, at: `invalid dereference of ${name} (${type})`,
    suggestion: nullable
      ? "Add a NULL check before the access and dereference the pointer only on the non-NULL path."
      : "Preserve a pointer-valued register where needed, or reload and revalidate the pointer after scalar arithmetic, helper calls, or other operations that can invalidate it.",
    ...caused(name),
  };
}
function modified(env: Env, said: Said): ReturnType<Rule["make"]> {
  const [name = "R0", off = "0"] = said.groups;
  return {
    category: "Register Type Safety", problem: "invalid dereference",
    reason: `${name} has offset ${off} here, but this pointer type must be dereferenced in its original form.`,
    at: `dereference requires the original ${plain(env, reg(env, name))} pointer`,
    suggestion: "Preserve the original pointer in another register, or use only offsets this pointer type permits before dereferencing it.",
    ...caused(name),
  };
}

/** A register as it was before the instruction, where the walk kept it. */
const before = (env: Env, regno: number): RegState | undefined => env.regsBefore[regno] ?? env.curState?.cur.regs[regno];
const outOfRange = (r: RegState | undefined): boolean => r !== undefined && (r.r64.smin >= BigInt(MAX_VAR_OFF) || r.r64.smin <= -BigInt(MAX_VAR_OFF));

// pointer arithmetic: which operand was the pointer
function pointerOperand(env: Env): [name: string, r: RegState | undefined] {
  const { dst, src } = env.insn;
  const d = before(env, dst), s = before(env, src);
  return d && d.type !== T.SCALAR_VALUE ? [`R${dst}`, d] : [`R${src}`, s];
}
const register = (problem: string, reason: string, suggestion: string, name?: string): ReturnType<Rule["make"]> => ({ ...simple("Register Type Safety", problem, reason, suggestion), ...caused(name ?? "") });
function unreadable(env: Env, said: Said): ReturnType<Rule["make"]> {
  const name = said.groups[0]!;
  const gone = wasInvalidated(env, Number(name.slice(1)));
  return {
    category: "Register Type Safety", problem: "unreadable register", at: `${name} is not readable`, ...caused(name),
    reason: gone
      ? `${name} is not readable here. A previous operation invalidated this register, so the verifier cannot use it as an input.`
      : `${name} has never been initialized on this path, so the verifier cannot use it as an input.`,
    suggestion: gone
      ? "Avoid using the register after it is invalidated, or initialize it again before this instruction."
      : `Initialize ${name} on every path before this instruction.`,
  };
}

const endsFlow = (i: Insn): boolean => i.code === (BPF_JMP | BPF_EXIT) || i.code === (BPF_JMP | BPF_JA) || i.code === (BPF_JMP32 | BPF_JA) || isGotox(i);

export const RULES: readonly Rule[] = [
  // registers
  { test: /^(R\d+) invalid mem access '/, make: dereference },
  { test: /^dereference of modified .* ptr (R\d+) off=(-?\d+) disallowed$/, make: modified },
  { test: /^(R\d+) !read_ok$/, make: unreadable },
  {
    test: /^(?:math between .* pointer and .* is not allowed|value -?\d+ makes .* pointer be out of bounds)$/,
    make: (env) => register("pointer offset is not safe", `The scalar offset used with ${pointerOperand(env)[0]} is unbounded or outside the verifier's safe pointer-offset range [-${MAX_VAR_OFF}, ${MAX_VAR_OFF}].`, "Clamp or bounds-check the scalar offset before applying it to the pointer.", pointerOperand(env)[0]),
  },
  {
    test: /^.* pointer offset -?\d+ is not allowed$/,
    make: (env) => outOfRange(pointerOperand(env)[1])
      ? register("pointer offset is not safe", `${pointerOperand(env)[0]} already has an offset outside the verifier's safe range [-${MAX_VAR_OFF}, ${MAX_VAR_OFF}] for ${plain(env, pointerOperand(env)[1])}.`, "Keep the base pointer within the verifier's allowed offset range before applying more arithmetic.", pointerOperand(env)[0])
      : register("pointer offset is not safe", `After this arithmetic, R${env.insn.dst} would be outside the verifier's safe offset range [-${MAX_VAR_OFF}, ${MAX_VAR_OFF}] for ${plain(env, pointerOperand(env)[1])}.`, "Tighten the scalar bounds before the arithmetic so the resulting pointer remains within the allowed range.", pointerOperand(env)[0]),
  },
  { test: /^R\d+ 32-bit pointer arithmetic prohibited$/, make: (env) => register("32-bit pointer arithmetic", `${pointerOperand(env)[0]} holds ${plain(env, pointerOperand(env)[1])}. 32-bit ALU operations on pointers discard pointer tracking, so the verifier cannot keep the result as a safe pointer.`, "Use a 64-bit ALU instruction with an allowed, bounded scalar offset.", pointerOperand(env)[0]) },
  { test: /^R\d+ pointer arithmetic on (.*) prohibited, null-check it first$/, make: (env, { groups: [type] }) => register("pointer arithmetic before NULL check", `${pointerOperand(env)[0]} may be NULL (${type}). Pointer arithmetic is allowed only after the program proves the pointer is non-NULL on this path.`, "Make sure that a NULL check precedes any arithmetic performed on the pointer.", pointerOperand(env)[0]) },
  { test: /^R\d+ pointer arithmetic on .* prohibited$/, make: (env) => register("pointer arithmetic is not allowed", `${pointerOperand(env)[0]} holds ${plain(env, pointerOperand(env)[1])}. This pointer kind does not allow offset arithmetic.`, "Do not change this pointer's offset; use it only in operations accepted for its kind.", pointerOperand(env)[0]) },
  { test: /^(R\d+) tried to subtract pointer from scalar$/, make: (env, { groups: [n] }) => register("pointer subtracted from scalar", `This operation subtracts pointer register R${env.insn.src} from scalar register ${n}. The verifier only tracks pointer-minus-scalar arithmetic for allowed pointer types.`, "Keep the pointer as the base; only add or subtract bounded scalars when permitted.", pointerOperand(env)[0]) },
  { test: /^(R\d+) subtraction from stack pointer prohibited$/, make: (env, { groups: [n] }) => register("subtraction from stack pointer", `${n} is a stack pointer. The verifier does not allow BPF_SUB to move stack pointers.`, "Use addition from R10 to form stack addresses within the tracked stack frame.", pointerOperand(env)[0]) },
  { test: /^R\d+ bitwise operator (\S+) on pointer prohibited$/, make: (env, { groups: [op] }) => register("bitwise operation on pointer", `${pointerOperand(env)[0]} holds ${plain(env, pointerOperand(env)[1])}. Bitwise operator ${op} would destroy the pointer value the verifier is tracking.`, "Do bitwise operations on scalar values, not on pointer-valued registers.", pointerOperand(env)[0]) },
  { test: /^R\d+ pointer arithmetic with (\S+) operator prohibited$/, make: (env, { groups: [op] }) => register("invalid pointer arithmetic operator", `${pointerOperand(env)[0]} holds ${plain(env, pointerOperand(env)[1])}. Operator ${op} is not one of the limited pointer arithmetic operations the verifier can track.`, "Use only verifier-supported addition or subtraction with a bounded scalar offset, or perform this operation on a scalar value.", pointerOperand(env)[0]) },
  // memory
  { test: /^(R\d+) min value is negative, either use unsigned index/, make: (env, said) => bounds(env, said, "negative") },
  { test: /^(R\d+) min value is outside of the allowed memory range$/, make: (env, said) => bounds(env, said, "min") },
  { test: /^(R\d+) max value is outside of the allowed memory range$/, make: (env, said) => bounds(env, said, "max") },
  { test: /^(R\d+) unbounded memory access, make sure to bounds check any such access$/, make: (env, said) => bounds(env, said, "unbounded") },
  {
    test: /^invalid read from stack off (-?\d+)\+(\d+) size (\d+)$/,
    make: (_env, { groups: [off, i, size] }) => simple("Memory Safety", "uninitialized stack read",
      `This rejected read uses ${size} bytes at stack offset ${off}, but byte ${i} in that range is uninitialized on this path. Programs loaded with CAP_PERFMON can be allowed to read uninitialized stack bytes, but this program is being rejected without that allowance.`,
      "Initialize every byte in the stack range before reading it, adjust the offset and size so the read covers only initialized bytes, or load with CAP_PERFMON if uninitialized stack reads are intended."),
  },
  // resources
  {
    test: /^Unreleased reference id=(\d+) alloc_insn=(\d+)$/,
    make: (_env, { groups: [id, at] }) => ({
      category: "Resource Lifetime Safety", problem: "unreleased resource",
      reason: `Owned resource (id=${id}) was acquired at instruction ${at} and still needs to be released before this exit path.`, at: `owned resource (id=${id}) still needs release`,
      suggestion: "Release or transfer ownership of the acquired resource on every path before the program exits.", cause: { of: "ref", id: Number(id) },
    }),
  },
  resource(/^cannot overwrite referenced dynptr$/, "referenced dynptr overwrite", "This stack slot contains a dynptr that owns or protects a referenced resource. Overwriting the last dynptr for that resource would lose the verifier-tracked release path.", "Release or clone the dynptr so another live dynptr still tracks the referenced resource before overwriting this stack slot."),
  resource(/^Dynptr has to be an uninitialized dynptr$/, "dynptr is already initialized", "This kfunc constructs a dynptr and requires an uninitialized dynptr stack slot, but the selected slot already holds dynptr state.", "Use a fresh stack dynptr slot, or release/destroy the existing dynptr before reusing the slot."),
  resource(/^CONST_PTR_TO_DYNPTR cannot be released$/, "const dynptr release", "This release operation was given a const dynptr. Const dynptr values are verifier-provided views and cannot be released by the program.", "Release only mutable dynptrs that the program initialized or reserved."),
  resource(/^Expected an initialized dynptr as R\d+$/, "uninitialized dynptr use", "This operation requires an initialized dynptr, but the stack slot does not currently hold a valid dynptr on this path.", "Initialize the dynptr on every path before this call, and avoid overwriting or releasing it before this use."),
  resource(/^expected uninitialized iter_\w+ as R\d+$/, "iterator is already initialized", "Iterator creation requires an uninitialized iterator stack object, but this stack range already contains iterator state.", "Use a fresh iterator stack slot, or destroy the existing iterator before reusing the slot."),
  resource(/^expected an initialized iter_\w+ as R\d+$/, "uninitialized iterator use", "This iterator operation requires an initialized iterator state object, but the stack range does not contain a live iterator on this path.", "Call the matching iterator new kfunc on every path before calling next or destroy, and do not destroy the iterator before this use."),
  resource(/^expected uninitialized irq flag as R\d+$/, "IRQ flag is already initialized", "Saving IRQ state requires an uninitialized stack slot for the IRQ flag, but this slot already contains tracked IRQ flag state.", "Use a fresh stack slot for this save operation, or restore the existing IRQ flag before reusing the slot."),
  resource(/^expected an initialized irq flag as R\d+$/, "uninitialized IRQ flag restore", "Restoring IRQ state requires a stack slot that was initialized by a matching IRQ save operation on this path.", "Pass the same stack slot that was previously initialized by the matching IRQ save kfunc."),
  irqRule(/^cannot restore irq state out of order,/, () => ["IRQ flag restore out of order", "IRQ-disabled regions must be restored in last-in, first-out order, but this restore does not match the currently active IRQ flag.", "Restore nested IRQ flags in the reverse order they were saved."]),
  irqRule(/^irq flag acquired by (\w+) kfuncs cannot be restored with (\w+) kfuncs$/, ({ groups: [flag, used] }) =>
    ["IRQ flag restore mismatch", `This IRQ flag was saved by ${flag} IRQ kfuncs, but the restore call belongs to the ${used} IRQ kfunc family. Save and restore operations must use the same family.`, "Restore the flag with the matching IRQ restore kfunc for the save operation that created it."]),
  lockRule(/^Locking two bpf_spin_locks are not allowed$/, "nested spin lock", "This path already holds a bpf_spin_lock. The verifier allows only one regular BPF spin lock at a time.", "Unlock the current bpf_spin_lock before taking another one.", (env) => env.curState.refs.find((r) => r.type === "lock")),
  lockRule(/^Acquiring the same lock again, AA deadlock detected$/, "recursive resource spin lock", "This path already holds the same resource spin lock. Taking it again would deadlock.", "Avoid reacquiring the same resource spin lock before it is unlocked.", sameLock),
  resource(/^bpf_(?:res_)?spin_unlock without taking a lock$/, "unlock without lock", "This unlock operation has no matching active lock on the current path.", "Take the matching lock before this unlock, or remove the unmatched unlock path."),
  lockRule(/^bpf_(?:res_)?spin_unlock of different lock$/, "unlock of a different lock", "This unlock does not match any active lock with the same tracked identity on the current path.", "Unlock the same lock object that was most recently acquired.", innermost),
  lockRule(/^bpf_(?:res_)?spin_unlock cannot be out of order$/, "unlock out of order", "Locks must be released in last-in, first-out order, but this unlock does not match the currently active lock.", "Release nested locks in the reverse order they were acquired.", innermost),
  // arguments
  { test: /^(R\d+) type=(\S+) expected=(.*)$/, marked: true, make: (env, { groups: [n, type, types] }) => argument(env, n!, `it has type ${type}, but this argument accepts ${types}`, "Pass a value with one of the accepted pointer or scalar types for this call.") },
  { test: /^Possibly NULL pointer passed to trusted (R\d+)$/, make: (env, { groups: [n] }) => argument(env, n!, `the pointer may be NULL, but this kfunc requires a non-NULL value of type ${expected(env, n!).replace(/\)$/, " *)")}`, "Add a NULL check and call the kfunc only on the non-NULL path.") },
  { test: /^Possibly NULL pointer passed to helper (R\d+)$/, make: (env, { groups: [n] }) => argument(env, n!, "the pointer may be NULL, but this call requires a non-NULL pointer", "Add a NULL check and make the call only on the non-NULL path.") },
  { test: /^(R\d+) must be a rcu pointer$/, make: (env, { groups: [n] }) => argument(env, n!, `the kfunc requires an RCU-protected pointer to ${expected(env, n!)}, but ${n} is ${plain(env, reg(env, n!))}`, "Use this kfunc with a pointer that is valid in an RCU read lock region.") },
  { test: /^(R\d+) must be referenced or trusted$/, make: (env, { groups: [n] }) => argument(env, n!, `the kfunc requires a trusted or resource-owning pointer to ${expected(env, n!)}, but ${n} is ${plain(env, reg(env, n!))}`, "Pass a pointer acquired from a verifier-tracked source, or call this kfunc only inside the required protection if it accepts RCU pointers.") },
  { test: /^release kfunc \S+ expects referenced PTR_TO_BTF_ID passed to (R\d+)$/, make: (env, { groups: [n] }) => argument(env, n!, `release kfuncs require a resource-owning value of type ${expected(env, n!)} returned by a matching acquire kfunc`, "Pass the resource-owning pointer returned by the matching acquire kfunc, and avoid calling the release kfunc after ownership has already been transferred or released.") },
  { test: /^release helper \S+ expects referenced PTR_TO_BTF_ID passed to (R\d+)$/, make: (env, { groups: [n] }) => argument(env, n!, "release helpers require a value that owns a live resource returned by a matching acquire helper", "Pass the resource-owning pointer returned by the matching acquire helper, and avoid calling the release helper after ownership has already been transferred or released.") },
  { test: /^(R\d+) and (R\d+) memory, len pair leads to invalid memory access$/, make: memoryPair },
  { test: /^(R\d+) expected pointer to an iterator on stack$/, make: (env, { groups: [n] }) => argument(env, n!, `iterator state must live in verifier-tracked stack memory, but ${n} is ${plain(env, reg(env, n!))}`, "Pass the address of a stack iterator object for iterator new, next, and destroy calls.") },
  { test: /^(R\d+) expected pointer to stack or const struct bpf_dynptr$/, make: (env, { groups: [n] }) => argument(env, n!, `a dynptr argument must be a pointer to a dynptr stack slot or a verifier-provided const struct bpf_dynptr, but ${n} is ${plain(env, reg(env, n!))}`, "Pass the address of a stack dynptr object, or use a const dynptr pointer returned by the verifier-supported path.") },
  { test: /^Expected a dynptr of type (\S+) as (R\d+)$/, make: (env, { groups: [type, n] }) => argument(env, n!, `this operation expects dynptr type ${type}`, "Use a dynptr constructor that matches this operation, or call an operation that accepts the dynptr's current type.") },
  { test: /^(R\d+) must be a known constant$/, make: (env, { groups: [n] }) => argument(env, n!, `the kfunc expects a constant, but ${n} may have several values`, "Pass a constant that the verifier knows on every path.") },
  { test: /^(R\d+) is not a scalar$/, make: (env, { groups: [n] }) => argument(env, n!, `the kfunc expects an integer scalar, but ${n} is ${plain(env, reg(env, n!))}`, "Pass an integer scalar value for this argument, not a pointer or resource object.") },
  { test: /^(R\d+) doesn't point to an irq flag on stack$/, make: (env, { groups: [n] }) => argument(env, n!, `the kfunc expects a stack pointer to an IRQ flag slot, but ${n} is ${plain(env, reg(env, n!))}`, "Pass the same stack slot used by bpf_local_irq_save() or bpf_res_spin_lock_irqsave().") },
  { test: /^(R\d+) doesn't point to a const string$/, make: (env, { groups: [n] }) => argument(env, n!, `the kfunc expects a pointer to a constant string stored in verifier-known memory, but ${n} is ${plain(env, reg(env, n!))}`, "Pass a constant string pointer that the verifier recognizes, such as a string stored in a read-only map value.") },
  { test: /^(R\d+) is neither owning or non-owning ref$/, make: (env, { groups: [n] }) => argument(env, n!, `the kfunc expects a pointer to a BPF-managed refcounted object, but ${n} is ${plain(env, reg(env, n!))}`, "Pass an owning or non-owning pointer to a BPF-managed object containing a bpf_refcount field.") },
  { test: /^(R\d+) is \S+ expected (?:STRUCT|UNION) \S+/, make: (env, { groups: [n] }) => argument(env, n!, `the kfunc expects a pointer to ${expected(env, n!)}, but this argument is ${plain(env, reg(env, n!))} and cannot be used as that kernel object pointer`, "Pass a verifier-tracked pointer to the expected kernel object type, not a pointer to stack storage or another memory buffer.") },
  // sections
  { test: /^function calls are not allowed while holding a lock$/, make: (env) => stillIn(env, "function call", "lock", "Release the BPF spin lock before making this call, or move the call outside the locked region.") },
  { test: /^(.*) cannot be used inside bpf_spin_lock-ed region$/, make: (env, { groups: [what] }) => stillIn(env, what!, "lock", "Release the BPF spin lock before this operation on every path.") },
  { test: /^(.*) cannot be used inside bpf_local_irq_save-ed region$/, make: (env, { groups: [what] }) => stillIn(env, what!, "irq", "Restore the saved IRQ state before this operation on every path.") },
  { test: /^(.*) cannot be used inside bpf_rcu_read_lock-ed region$/, make: (env, { groups: [what] }) => stillIn(env, what!, "rcu", "Call bpf_rcu_read_unlock() before this operation on every path.") },
  { test: /^(.*) cannot be used inside bpf_preempt_disable-ed region$/, make: (env, { groups: [what] }) => stillIn(env, what!, "preempt", "Call bpf_preempt_enable() before this operation on every path.") },
  { test: /^sleepable helper (\S+) in /, make: (env, { groups: [what] }) => maySleep(env, `sleepable helper ${what}`, "Move the helper call outside the critical section, or use a non-sleepable helper.") },
  { test: /^(sleepable global function \S+) called in /, make: (env, { groups: [what] }) => maySleep(env, what!, "Move the call outside the critical section, or use a non-sleepable function.") },
  { test: /^kernel func (\S+) is sleepable within /, make: (env, { groups: [what] }) => maySleep(env, `sleepable kfunc ${what}`, "Move the kfunc call outside the critical section, or use a non-sleepable kfunc.") },
  { test: /^program must be sleepable to call sleepable kfunc (\S+)$/, make: (env, { groups: [what] }) => maySleep(env, `sleepable kfunc ${what}`, "Mark the program sleepable if the program type allows it, or use a non-sleepable kfunc.") },
  { test: /^kernel func (\S+) requires RCU critical section protection$/, make: (_env, { groups: [what] }) => needsRcu(what!, "Call this kfunc between bpf_rcu_read_lock() and bpf_rcu_read_unlock(), keeping all exit paths balanced.") },
  { test: /^expected an RCU CS when using (\S+)$/, make: (_env, { groups: [what] }) => needsRcu(what!, "Wrap iterator use in bpf_rcu_read_lock() and bpf_rcu_read_unlock(), keeping all exit paths balanced.") },
  { test: /^unmatched rcu read unlock \(kernel function (\S+)\)$/, make: (_env, { groups: [what] }) => unmatched(what!, "rcu", "Remove the extra bpf_rcu_read_unlock() call, or ensure this path first enters an RCU read lock region.") },
  { test: /^unmatched attempt to enable preemption \(kernel function (\S+)\)$/, make: (_env, { groups: [what] }) => unmatched(what!, "preempt", "Remove the extra bpf_preempt_enable() call, or ensure this path first disables preemption.") },
  // policy
  { test: /^program of this type cannot use helper /, make: (env) => policy(helperCalled(env), "this program type does not allow the helper", "Use a helper allowed for this program type, or move the logic to a compatible program type.") },
  { test: /^cannot call GPL-restricted function from non-GPL compatible program$/, make: (env) => policy(helperCalled(env), "this helper is restricted to GPL-compatible programs", "Use a GPL-compatible license, or replace the helper with one that is available to non-GPL programs.") },
  { test: /^helper call is not allowed in probe$/, make: (env) => policy(helperCalled(env), "the helper-specific policy callback rejected this program", "Use the helper only from an allowed attach point or program configuration.") },
  { test: /^calling kernel function (\S+) is not allowed$/, make: (_env, { groups: [name] }) => policy(`kfunc ${name}`, "this program cannot call the kfunc", "Use a kfunc allowed for this program type and attach point, or change the program context.") },
  // structure
  {
    test: /^jump out of range from insn (\d+) to (-?\d+)$/,
    make: (env, { groups: [from, to] }) => {
      const sub = env.findContainingSubprog(Number(from));
      const last = (env.subprogs[sub + 1]?.start ?? env.insns.length) - 1;
      return simple("Program Structure", "jump out of range",
        `Instruction ${from} jumps to instruction ${to}, but subprogram ${sub} only contains instructions ${env.subprogs[sub]?.start ?? 0} through ${last}. A branch target must stay inside the same subprogram.`,
        "Keep branch targets within the same subprogram, or use an explicit subprogram call.", Number(from), true);
    },
  },
  { test: /^unreachable insn (\d+)$/, make: (_env, { groups: [i] }) => simple("Program Structure", "unreachable instruction", `Instruction ${i} is not reachable from the program entry point.`, "Remove the unreachable instruction or add valid control flow that reaches it.", Number(i)) },
  {
    test: /^last insn is not an exit or jmp$/,
    make: (env) => {
      const last = (i: number): number => env.subprogs[i + 1]!.start - 1;
      const sub = Math.max(env.subprogs.findIndex((_s, i) => i < env.subprogCnt && !endsFlow(env.insns[last(i)]!)), 0);
      return simple("Program Structure", "subprogram can fall through", `Subprogram ${sub} reaches its last instruction ${last(sub)} without an exit or jump, so control could continue into the next subprogram.`, "End each subprogram with an exit or an explicit jump that keeps control flow inside the subprogram.", last(sub), true);
    },
  },
  { test: /^recursive call from /, make: () => simple("Program Structure", "recursive subprogram call", "This bpf2bpf call would make the subprogram call graph recursive. The verifier requires a finite, acyclic call graph so it can bound stack depth and analysis.", "Rewrite the recursion as an explicit bounded loop, or split the logic so subprogram calls do not form a cycle.") },
  { test: /^no jump tables found for subprog starting at (\d+)$/, make: (_env, { groups: [i] }) => simple("Program Structure", "missing jump table", `No jump table was found for the subprogram that starts at instruction ${i}.`, "Make sure subprograms containing gotox instructions are accompanied by jump tables referencing these subprograms.", Number(i)) },
  { test: /^jump table for insn (\d+) points outside of the subprog \[(\d+),(\d+)\]?/, make: (_env, { groups: [i, from, to] }) => simple("Program Structure", "jump table target out of range", `The jump table for instruction ${i} points outside subprogram range [${from},${to}).`, "Keep every jump-table target inside the same subprogram.", Number(i)) },
];
