/** What is held: references, locks, RCU, preemption and interrupts; objects on the stack with a life of their own. */
import { type Case, type Family, family, fixed, type Told, typeWords } from "./case.ts";

const RELEASE: Readonly<Record<string, string>> = {
  bpf_sk_lookup_tcp: "bpf_sk_release", bpf_sk_lookup_udp: "bpf_sk_release", bpf_skc_lookup_tcp: "bpf_sk_release", bpf_sk_fullsock: "bpf_sk_release", bpf_ringbuf_reserve: "bpf_ringbuf_submit or bpf_ringbuf_discard",
  bpf_ringbuf_reserve_dynptr: "bpf_ringbuf_submit_dynptr or bpf_ringbuf_discard_dynptr", bpf_task_acquire: "bpf_task_release", bpf_task_from_pid: "bpf_task_release", bpf_task_from_vpid: "bpf_task_release", bpf_cgroup_acquire: "bpf_cgroup_release",
  bpf_cgroup_from_id: "bpf_cgroup_release", bpf_cgroup_ancestor: "bpf_cgroup_release", bpf_task_get_cgroup1: "bpf_cgroup_release", bpf_cpumask_create: "bpf_cpumask_release", bpf_cpumask_acquire: "bpf_cpumask_release", bpf_obj_new_impl: "bpf_obj_drop", bpf_obj_new: "bpf_obj_drop",
  bpf_percpu_obj_new_impl: "bpf_percpu_obj_drop", bpf_percpu_obj_new: "bpf_percpu_obj_drop", bpf_refcount_acquire_impl: "bpf_obj_drop", bpf_refcount_acquire: "bpf_obj_drop", bpf_list_pop_front: "bpf_obj_drop", bpf_list_pop_back: "bpf_obj_drop", bpf_rbtree_remove: "bpf_obj_drop",
  bpf_kptr_xchg: "the release function of its type, or bpf_kptr_xchg into a map", bpf_get_task_exe_file: "bpf_put_file", bpf_lookup_user_key: "bpf_key_put", bpf_lookup_system_key: "bpf_key_put", bpf_xdp_ct_lookup: "bpf_ct_release", bpf_skb_ct_lookup: "bpf_ct_release", bpf_xdp_ct_alloc: "bpf_ct_insert_entry",
  bpf_skb_ct_alloc: "bpf_ct_insert_entry", bpf_iter_num_new: "bpf_iter_num_destroy", bpf_crypto_ctx_create: "bpf_crypto_ctx_release", bpf_crypto_ctx_acquire: "bpf_crypto_ctx_release", bpf_dynptr_from_file: "bpf_dynptr_file_discard",
};
function releaseOf(name: string): string {
  const known = RELEASE[name];
  if (known) return known.split(" or ").map((f) => (f.startsWith("bpf_") && !f.includes(" ") ? `${f}()` : f)).join(" or ");
  const iter = /^bpf_iter_(\w+)_new$/.exec(name);
  return iter ? `bpf_iter_${iter[1]}_destroy()` : "the function that releases it";
}
function leak(c: Case, at: number | null, where: string): Told {
  const maker = at !== null ? c.callAt(at) : null;
  const name = maker?.name ?? "the call";
  const argument = at !== null && !maker;
  return {
    title: "A reference is not released", registers: [],
    reason: argument
      ? `The program owns an object that it was given, and this path comes to ${where} without giving it back.`
      : `${name}() at ${at === null ? "an earlier instruction" : `${c.place(at)} (instruction ${at})`} took a reference, and this path comes to ${where} without releasing it.`,
    fixes: [
      `Release the reference${at === null ? "" : ` acquired at instruction ${at}`} by calling ${releaseOf(name)} on every path before ${where}`,
      "Look at early returns between taking and releasing it: each needs its own release",
      ...(maker && /lookup|reserve|from_|create|acquire|new/.test(name) ? [`When ${name}() gave NULL there is nothing to release: check it right after the call`] : []),
    ],
    ...(at !== null ? { related: [c.related(at, maker ? `${name}() takes the reference` : "the reference is taken here")] } : {}),
  };
}
/** Instruction of the first reference still held. */
const heldAt = (c: Case): number | null => (c.walking ? (c.env.curState.refs.find((r) => r.type === "ptr")?.insnIdx ?? c.env.curState.refs[0]?.insnIdx ?? null) : null);
const lockAt = (c: Case): number | null => (c.walking ? (c.env.curState.refs.find((r) => r.type !== "ptr")?.insnIdx ?? null) : null);

function section(c: Case, what: string, name: string): Told {
  const sections: Readonly<Record<string, [string, string]>> = { "bpf_spin_lock": ["a spin lock", "bpf_spin_unlock()"], "bpf_rcu_read_lock": ["an RCU read section", "bpf_rcu_read_unlock()"], "bpf_preempt_disable": ["a section with preemption off", "bpf_preempt_enable()"], "bpf_local_irq_save": ["a section with interrupts off", "bpf_local_irq_restore()"] };
  const [words, end] = sections[name] ?? [`a ${name} section`, "the function that ends it"];
  const at = lockAt(c);
  const where = what.startsWith("BPF_EXIT") ? "the end of the program" : what;
  return { title: `${words[0]!.toUpperCase()}${words.slice(1)} is still open`, reason: `This path comes to ${where} while ${words}${at === null ? "" : ` entered at ${c.place(at)}`} is still open.`, fixes: [`Call ${end} before ${where} on every path`, "Look at early returns inside the section"], ...(at === null ? {} : { related: [c.related(at, "it is entered here")] }) };
}
function lock(title: string, reason: string, ...fixes: string[]): (c: Case) => Told {
  return (c) => {
    const at = lockAt(c);
    return { title, reason: reason.replace("%CALL%", `${c.call?.name ?? "the call"}()`), fixes, registers: c.call ? [1] : [], ...(at === null ? {} : { related: [c.related(at, "the lock is taken here")] }) };
  };
}
const argument = (m: string | undefined, reg: string | undefined): number => (reg !== undefined ? Number(reg) : Number(m) + 1);

export const REFS: readonly Family[] = [
  family("reference-leak", "check_reference_leak", /^Unreleased reference id=\d+ alloc_insn=(-?\d+)$/, (c, m) => leak(c, Number(m[1]), c.insn?.code === 0x95 ? "the end of the program" : c.place(c.at))),
  family("reference-leak", "check_resource_leak", /^(?:BPF_EXIT instruction in main prog|BPF_EXIT) would lead to reference leak$/, (c) => leak(c, heldAt(c), "the end of the program")),
  family("reference-leak", "check_resource_leak", /^(?:tail_call|BPF_LD_\[ABS\|IND\]|bpf_throw|.*) would lead to reference leak$/, (c) => leak(c, heldAt(c), c.call?.name === "bpf_tail_call" ? "the tail call" : c.call ? c.call.name : "an instruction that may end the program")),
  fixed("reference-leak", "check_ld_abs", /^BPF_LD_\[ABS\|IND\] cannot be mixed with socket references$/, "A reference would be lost", "Loads of the old style (BPF_LD_ABS, BPF_LD_IND) end the program when the packet is too short, and a reference that is held would leak.", "Release the reference before the load", "Or use bpf_skb_load_bytes(), which returns an error instead"),
  family("reference-leak", "release_reference", /^Leaking reference id=\d+ alloc_insn=(-?\d+)\. Release it first\.$/, (c, m) => leak(c, Number(m[1]), c.place(c.at))),
  family("not-acquired", "release_reference", /^(?:func|kfunc) (\S+)#\d+ reference has not been acquired before$/, (c, m) => ({ title: "There is nothing to release", registers: [1], reason: `${m[1]}() gives back a reference that this path does not hold (or no longer): ${c.who(1)}.`, fixes: ["Release each reference once, and only what an acquiring function gave", "A pointer read from the context or another object is not owned"] })),
  family("not-acquired", "check_func_arg", /^(?:release (?:helper|kfunc|kernel function) (\S+) expects (?:referenced|refcounted) PTR_TO_BTF_ID(?: passed to (?:R(\d+)|arg#(\d+)))?|R(\d+) must be referenced when passed to release function|arg (\d+) is an unacquired reference)$/, (c, m) => {
    const n = Number(m[2] ?? m[4] ?? m[5] ?? (m[3] !== undefined ? Number(m[3]) + 1 : 1));
    return { title: "The program does not own what it releases", registers: [n], reason: `${m[1] ?? c.call?.name ?? "The call"}() gives a reference back, and ${c.who(n)} is none that this path acquired: ${c.what(n)}.`, fixes: ["Release only what an acquiring function returned, checked for NULL and not released before", "To own an object that was only read, acquire it first (bpf_task_acquire() and the like)"] };
  }),
  family("trusted", "check_kfunc_args", /^(?:R(\d+)|arg#?(\d+)) must be referenced or trusted$/, (c, m) => {
    const n = argument(m[2], m[1]);
    return { title: "The pointer is not trusted", registers: [n], reason: `${c.call?.name ?? "The kfunc"}() takes only objects that are certain to be alive; ${c.who(n)} is ${typeWords(c.typeOf(n))} that may be gone.`, fixes: ["Pass an argument of the hook as it was given, or a pointer that an acquiring kfunc returned", "Pointers read out of structures are not trusted: acquire them first (bpf_task_acquire(), bpf_cgroup_acquire() …) within bpf_rcu_read_lock()"] };
  }),
  family("trusted", "check_kfunc_args", /^(?:R(\d+)|arg#?(\d+)) must be a rcu pointer$/, (c, m) => {
    const n = argument(m[2], m[1]);
    return { title: "The pointer is not protected by RCU", registers: [n], reason: `${c.call?.name ?? "The kfunc"}() needs an object that RCU protects; ${c.who(n)} is ${typeWords(c.typeOf(n))}.`, fixes: ["Read the pointer and pass it between bpf_rcu_read_lock() and bpf_rcu_read_unlock()", "Or pass a pointer that was acquired"] };
  }),
  family("section-open", "check_resource_leak", /^(.*?) (?:cannot be used inside|cannot be used within) (bpf_\w+)-ed region$/, (c, m) => section(c, m[1]!, m[2]!)),
  family("lock", "process_spin_lock", /^bpf_\w*spin_unlock of different lock$/, lock("Another lock than the one held is released", "%CALL% is given a lock that is not the one this path holds: another element, or another lookup of it.", "Unlock through the very pointer the lock was taken with", "Look the element up once and keep the pointer")),
  family("lock", "process_spin_lock", /^bpf_\w*spin_unlock without taking a lock$/, lock("No lock is held", "%CALL% is called on a path on which no lock was taken.", "Take the lock on every path that leads here, or unlock only where it was taken")),
  family("lock", "check_resource_leak", /^bpf_spin_unlock is missing$/, lock("The lock is not released", "This path ends (or calls a function) with the lock still held.", "Call bpf_spin_unlock() on every path before", "Look at early returns while the lock is held")),
  family("lock", "process_spin_lock", /^bpf_\w*spin_unlock cannot be out of order$/, lock("Locks are released in another order", "The lock taken last has to be released first.", "Release locks in the reverse of the order they were taken in")),
  family("lock", "process_spin_lock", /^(?:Locking two bpf_spin_locks are not allowed|Acquiring the same lock again, AA deadlock detected)$/, lock("A lock is taken while one is held", "A second bpf_spin_lock (or the same once more) would be able to deadlock.", "Release the first lock before taking another", "bpf_res_spin_lock allows several different ones")),
  family("lock", "do_check_insn", /^(?:function calls are not allowed while holding a lock|global function calls are not allowed while holding a lock,|use static function instead)$/, lock("A call while a lock is held", "%CALL% is called while a bpf_spin_lock is held; only the unlock and a few kfuncs may be.", "Call it before the lock is taken or after it is released", "For a function of your own, make it static and __always_inline")),
  family("lock", "check_ld_abs", /^BPF_LD_\[ABS\|IND\] cannot be used inside bpf_spin_lock-ed region$/, lock("A load that may end the program, while a lock is held", "Loads of the old style end the program when the packet is too short.", "Load before the lock is taken")),
  family("lock", "btf_struct_walk", /^direct access to (\S+) is disallowed$/, (c, m) => ({ title: `${m[1]} is not yours to read or write`, registers: c.access ? [c.access.base] : [], reason: `The ${c.access?.write ? "store" : "load"} touches the ${m[1]} inside the object; only the helpers and kfuncs made for it may.`, fixes: [`Access the members before and after it, not the bytes of ${m[1]}`] })),
  family("lock", "check_map_access", /^(bpf_\w+|\w+) cannot be accessed directly by load\/store$/, (c, m) => ({ title: `${m[1]} is not yours to read or write`, registers: c.access ? [c.access.base] : [], reason: `The ${c.access?.write ? "store" : "load"} touches the ${m[1]} inside the map's value; only the helpers and kfuncs made for it may.`, fixes: [`Access the members before and after it, not the bytes of ${m[1]}`, "Copying the whole value with memcpy or a struct assignment touches it too: copy member by member"] })),
  family("lock", "check_map_access", /^(bpf_\w+|\w+) cannot be accessed indirectly by helper$/, (c, m) => ({ title: `A helper would overwrite ${m[1]}`, reason: `${c.call?.name ?? "The helper"}() reads or writes the map's value where its ${m[1]} lies.`, fixes: ["Pass only a member of the value, not all of it", "Copy to the stack first"] })),
  family("lock-type", "check_map_prog_compatibility", /^(tracing|socket filter) progs cannot use (bpf_\S+) yet$/, (_c, m0) => ((m) => ({ title: `${m[1]![0]!.toUpperCase()}${m[1]!.slice(1)} programs cannot use maps with ${m[2]}`, reason: `A map of this program has ${m[2]} in its value; programs of this type may interrupt one that is working on it.`, fixes: [`Use a map without ${m[2]} in this program`, ...(m[2]!.includes("spin_lock") ? ["Use atomic operations (__sync_fetch_and_add()) or a per-CPU map instead of the lock"] : [])] }))([m0[0]!, m0[1]!, m0[2]!.includes("list_head") ? "a list head or tree root" : `a ${m0[2]}`])),
  family("lock-type", "process_spin_lock", /^(?:R\d+|map '\S+'|off -?\d+|map|arg#\d+) .*(?:has to have BTF in order to use|has no valid|doesn't point to 'struct|has to be at the constant offset|doesn't have constant offset).*$|^local '\S+' has no valid \S+$/, (c) => ({ title: "The field is not where the call looks for it", registers: [1], reason: `${c.call?.name ?? "The call"}() takes the address of a special field (a lock, timer, list, kptr …): the map's value has none there, or the offset is not a constant.`, fixes: ["Pass the address of that very member: `&value->lock`", "Declare the map's value with __type(value, struct …), so that BTF says where the field is"] })),
  family("rcu", "check_kfunc_call", /^(?:unmatched (?:rcu read unlock|attempt to enable preemption) \(kernel function (\S+)\)|kernel func (\S+) requires RCU critical section protection|expected an RCU CS when using (\S+))$/, (_c, m) => ({ title: m[1] ? "The section was not entered" : "An RCU read section is needed", reason: m[1] ? `${m[1]}() leaves a section that this path did not enter.` : `${m[2] ?? m[3]} needs the protection of bpf_rcu_read_lock().`, fixes: [m[1] ? "Enter the section on every path that leads here" : "Call bpf_rcu_read_lock() before and bpf_rcu_read_unlock() after"] })),
  family("dynptr", "process_dynptr_func", /^(?:Expected an initialized dynptr as (?:arg #(\d+)|R(\d+))|Dynptr has to be an uninitialized dynptr|Expected a dynptr of type (\S+) as .*|CONST_PTR_TO_DYNPTR cannot be released|cannot overwrite referenced dynptr|cannot pass in (?:dynptr|\S+) at an offset.*|(?:R\d+|arg#\d+) expected pointer to stack or const struct bpf_dynptr|dynptr has to be at a constant offset|cannot release unowned const bpf_dynptr|potential write to dynptr at off=-?\d+ disallowed)$/, (c, m) => {
    const n = m[1] !== undefined ? Number(m[1]) : m[2] !== undefined ? Number(m[2]) : 1;
    const again = /uninitialized|overwrite/.test(c.message);
    return {
      title: again ? "The dynptr is still in use" : "An initialised dynptr is needed", registers: [n],
      reason: `${c.call?.name ?? "The instruction"}${c.call ? "()" : ""} ${again ? "would overwrite a dynptr that is initialised already (and perhaps holds a reference)" : `needs a dynptr that was initialised on this path${m[3] ? ` from ${m[3]} memory` : ""}; ${c.who(n)} is none`}.`,
      fixes: again ? ["Release it first (bpf_ringbuf_submit_dynptr(), bpf_ringbuf_discard_dynptr()), or use another variable"] : ["Initialise it with bpf_dynptr_from_mem(), bpf_dynptr_from_skb(), bpf_ringbuf_reserve_dynptr() … on every path that leads here", "Pass the address of the struct bpf_dynptr variable itself", "After it was released, or its packet changed, it is no longer valid"],
    };
  }),
  family("dynptr", "check_helper_call", /^Unsupported reg type (\S+) for bpf_dynptr_from_mem data$/, (c, m) => ({ title: "A dynptr cannot be made of this memory", registers: [1], reason: `bpf_dynptr_from_mem() takes a map's value; ${c.who(1)} is ${typeWords(m[1]!)}.`, fixes: ["Pass memory inside a map's value", "A global variable is one (it lies in .bss or .data)"] })),
  family("iterator", "process_iter_arg", /^expected (an initialized|uninitialized|valid) (?:iter_?(\w*)|iter pointer) as (?:arg ?#?(\d+)|R(\d+)).*$/, (c, m) => ({
    title: m[1] === "uninitialized" ? "The iterator is in use already" : "The iterator is not initialised", registers: [1],
    reason: `${c.call?.name ?? "The call"}() takes ${m[1] === "uninitialized" ? "an iterator that is not in use" : "an iterator that bpf_iter_…_new() initialised on this path"}.`,
    fixes: m[1] === "uninitialized" ? ["Destroy it first (bpf_iter_…_destroy()), or use another variable"] : [`Call bpf_iter_${m[2] || "…"}_new() before, on every path that leads here, and do not use the iterator after its destroy`, "Better use bpf_for() or bpf_for_each(), which do all of this"],
  })),
  family("iterator", "process_iter_arg", /^(?:R\d+|arg#\d+) expected pointer to an iterator on stack$/, (c) => ({ title: "The iterator has to be on the stack", registers: [1], reason: `${c.call?.name ?? "The call"}() takes the address of an iterator variable of the function.`, fixes: ["Declare it as a local variable and pass its address"] })),
  family("irq", "process_irq_flag", /^(?:expected (?:an )?(?:un)?initialized irq flag as .*|(?:arg#\d+|R\d+) doesn't point to an irq flag on stack|cannot restore irq state out of order.*|irq flag acquired by .*)$/, (c) => ({ title: "Interrupt flags are saved and restored in pairs", registers: [1], reason: `${c.call?.name ?? "The call"}() takes the address of a local variable that holds the flags: saved once, restored once, in reverse order.`, fixes: ["Save into an unused local variable and restore from the same one", "Restore in the reverse of the order they were saved in, with the function of the same family"] })),
  family("kptr", "map_kptr_match_type", /^(?:invalid kptr access, R(\d+) type=(\S+) expected=(.*)|store to referenced kptr disallowed|store to uptr disallowed|kptr access misaligned .*|kptr access cannot have variable offset|kptr access size must be BPF_DW|kptr in map can only be accessed .*|BPF_ST imm must be 0 when storing to kptr .*|off=-?\d+ kptr isn't referenced kptr|off=-?\d+ doesn't point to kptr|R\d+ has no valid kptr|arg#\d+ no referenced kptr at map value offset=.*|(?:\w+) access (?:misaligned .*|cannot have variable offset|size must be BPF_DW))$/, (c, m) => ({
    title: "A kernel pointer in a map is handled in another way", registers: m[1] ? [Number(m[1])] : c.access ? [c.access.base] : [1],
    reason: m[1] ? `The map's field holds ${m[3]}; ${c.who(Number(m[1]))} is ${m[2]}.` : `The map's value has a kernel pointer there; it is read and written as one 8-byte access at its own constant offset, and a referenced one (__kptr) only by bpf_kptr_xchg().`,
    fixes: [m[1] ? "Store a pointer of exactly that type, at its start" : "Move pointers in and out with bpf_kptr_xchg(&value->field, p), and release what it gives back", ...(m[1] ? [] : ["Access the field directly by its name, not through a computed offset"])],
  })),
  family("owning", "check_kfunc_args", /^(?:(?:arg#\d+|R\d+) (?:not allowed in rbtree cb|expected for bpf_(?:percpu_)?obj_drop\(\)|can only take non-owning or refcounted bpf_rb_node pointer)|allocated object must be referenced|held lock and object are not in the same allocation|bpf_spin_lock at off=\d+ must be held for \S+|.* w\/o active lock|operation on .* expects arg#1 .*|arg#1 offset=.*|.*_root not found at offset.*|.*_node not found at offset.*|can't (?:res_)?spin_\{lock,unlock\} in rbtree cb|rbtree_remove node input must be non-owning ref|bpf_rb(?:tree)?_?\w* .*|bpf_list\w* .*)$/, (c) => ({
    title: "Lists and trees have rules of ownership", registers: [1, 2], reason: `${c.call?.name ?? "The call"}() breaks one of them: ${c.message}.`,
    fixes: ["Hold the bpf_spin_lock that lies in the same structure as the root", "Give each call what it takes: add takes an owned node, remove and first give one back", "After an add the program no longer owns the node: use it only while the lock is held"],
  })),
  family("timer", "process_map_ptr_arg", /^(?:\S+ )?(?:timer|workqueue|wq|task_work)? ?pointer in R(\d+) map_uid=(\d+) doesn't match map pointer in R(\d+) map_uid=(\d+)$/, (c, m) => ({ title: "Element and map do not belong together", registers: [Number(m[1]), Number(m[3])], reason: `${c.call?.name ?? "The call"}() takes a field of a map's value (${c.who(Number(m[1]))}) and the map it lies in; these are different maps.`, fixes: ["Pass the map the element was looked up in"] })),
  family("percpu", "process_spin_lock", /^bpf_timer cannot be used for PREEMPT_RT\.$/, () => ({ title: "No timers on a real-time kernel", reason: "This kernel is built with PREEMPT_RT, and bpf_timer does not work there.", fixes: ["Use a workqueue (bpf_wq) or user space"] })),
];
