/** Who may call what: program types, licences, sleeping, and names that this kernel does not have. */
import { enteredAt } from "./calls-before.ts";
import { type Case, type Family, family, fixed, type Told } from "./case.ts";
import { anyOf, programWords, sectionsThat, sleepableSection } from "./program.ts";

const linux = (c: Case): string => `Linux ${c.env.kernel.name}`;

function unresolved(c: Case, id: string): Told {
  const note = c.env.prog.poisoned.get(c.at as never);
  const kfunc = note && /kfunc '([^']+)'/.exec(note)?.[1];
  const map = note && /map '([^']+)'/.exec(note)?.[1];
  if (kfunc) {
    const known = c.env.kernel.kfunc(kfunc) !== undefined;
    return {
      title: known ? `${kfunc}() is declared in another way than this kernel has it` : `${kfunc}() is not in this kernel`,
      reason: `${linux(c)} has ${known ? `a kfunc ${kfunc} with other parameters` : `no kfunc ${kfunc}`}. The declaration is __weak, so the loader went on and put a call that cannot be made there; a path of the program reaches it.`,
      fixes: known ? [`Declare ${kfunc} as this kernel has it: vmlinux.h has the prototype`] : [`Call it only behind \`if (bpf_ksym_exists(${kfunc}))\`, so that no path reaches the call where it is missing`, `Or load the program on a kernel that has ${kfunc}`],
    };
  }
  if (map) return { title: `Map ${map} was not created`, reason: `The loader left map ${map} out (it is not created automatically), and a path of the program uses it.`, fixes: [`Use ${map} only behind a check of a constant (\`const volatile bool\`) that is false where the map is left out`] };
  if (note !== undefined) {
    return {
      title: "What CO-RE could not relocate is used", reason: `The loader found no match in this kernel's types (${note.trim()}) and put a call that cannot be made in the instruction's place; a path of the program reaches it.`,
      fixes: ["Use the field, type or enum value only behind bpf_core_field_exists(), bpf_core_type_exists() or bpf_core_enum_value_exists(), so that no path reaches it where it is missing", "Or load the program on a kernel that has it"],
    };
  }
  const last = c.env.kernel.manifest.helpers.reduce((n, h) => Math.max(n, h.id), 0);
  return {
    title: `${linux(c)} has no such helper`, reason: `Helper number ${id} means nothing to this kernel${Number(id) > 100_000 ? ": the number is one that loaders put where something could not be resolved" : `: its last is ${last}`}.`,
    fixes: ["Use a helper that this kernel has", "Call it only behind `if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_…))`, so that no path reaches the call where the helper is missing"],
  };
}
/** Where the call would be allowed, as a way out. */
function elsewhere(c: Case, name: string, sections: readonly string[]): string[] {
  if (sections.length > 0) return [`Call ${name}() from a program in ${anyOf(sections)}`];
  return [`Do without ${name}(): no program type of this kernel may call it`];
}
function notForType(c: Case, name: string, what: "helper" | "kfunc"): Told {
  const { env } = c;
  const helper = what === "helper" ? env.kernel.helperByName(name) : undefined;
  const kfunc = what === "kfunc" ? env.kernel.kfunc(name) : undefined;
  const may = (v: Parameters<typeof env.kernel.helperProtoFor>[1]): boolean => (helper ? typeof env.kernel.helperProtoFor(helper.id, v) !== "string" : kfunc !== undefined && env.kernel.kfuncAllowed(kfunc, v));
  if (!env.bpfCapable && may(env.prog)) {
    return { title: `${name}() needs a privilege`, reason: `A program of type ${programWords(env)} may call ${name}() only when it was loaded with CAP_BPF (tracing helpers: CAP_PERFMON).`, fixes: ["Load the program with CAP_BPF and CAP_PERFMON", `Or do without ${name}()`] };
  }
  const sections = sectionsThat(env, may);
  const member = env.prog.structOpsMember;
  const some = member ? ` that implements ${member.member} of struct ${member.typeName}` : "";
  return {
    title: `${name}() is not for programs of this type`,
    reason: `A program of type ${programWords(env)}${some} may not call the ${what} ${name}() on ${linux(c)}${sections.length === 0 ? ": the kernel was built without what it needs" : ""}.`,
    fixes: elsewhere(c, name, member ? sections.filter((s) => !s.includes("struct_ops")) : sections),
  };
}
function notHere(c: Case): Told {
  const name = c.call?.name ?? "the helper";
  const list = name === "bpf_d_path" ? c.env.kernel.manifest.idSets?.btf_allowlist_d_path : undefined;
  const target = c.env.prog.attachTo;
  return {
    title: `${name}() is not allowed in a program attached there`,
    reason: `${name}() may be called by ${programWords(c.env)} programs only where it is safe${target ? `, and ${target} is not one of those places` : ""}${/^bpf_sk_storage/.test(name) ? ": a program that watches the socket storage functions themselves would call into itself" : ""}.`,
    fixes: [list ? `Attach to one of ${anyOf(list, 8)}, or to an LSM hook` : "Attach to another function", ...(name === "bpf_d_path" && c.env.kernel.kfunc("bpf_path_d_path") ? ["In LSM programs use the kfunc bpf_path_d_path()"] : [])],
  };
}
const licence = (c: Case): string => (c.env.prog.license === "" ? "this one declares none" : `this one says "${c.env.prog.license}"`);
const DECLARE = "Declare it, if that is true of your program: `char LICENSE[] SEC(\"license\") = \"GPL\";`";

/** The kernel's words for what forbids sleeping: ours, how the section is left and which calls enter and leave it. */
const SECTIONS: readonly { words: RegExp; ours: string; end: string; enter: RegExp; leave: RegExp }[] = [
  { words: /rcu_read_lock/, ours: "inside an RCU read section", end: "bpf_rcu_read_unlock()", enter: /^bpf_rcu_read_lock$/, leave: /^bpf_rcu_read_unlock$/ },
  { words: /preempt/, ours: "while preemption is off", end: "bpf_preempt_enable()", enter: /^bpf_preempt_disable$/, leave: /^bpf_preempt_enable$/ },
  { words: /IRQ/i, ours: "while interrupts are off", end: "bpf_local_irq_restore()", enter: /irq_?save$/, leave: /irq_?restore$/ },
  { words: /lock/, ours: "while a lock is held", end: "the unlock", enter: /spin_lock(?:_irqsave)?$/, leave: /spin_unlock(?:_irqrestore)?$/ },
];
/** @param where the kernel's words: "rcu_read_lock region", "non-sleepable prog"; "" where it says nothing */
function sleeps(c: Case, name: string, where: string, why = `${name}() may sleep`): Told {
  const title = `${name}() may sleep, and here nothing may`;
  const section = where === "" ? openSection(c) : SECTIONS.find((s) => s.words.test(where));
  if (section) {
    const at = enteredAt(c, section.enter, section.leave);
    return {
      title, reason: `${why}, and it is called ${section.ours}${at === null ? "" : ` (since ${c.place(at)})`}.`,
      fixes: [`Call ${section.end} before it, or call ${name}() before the section is entered`, "Or use a function that does not sleep"],
      ...(at === null ? {} : { related: [c.related(at, "the section is entered here")] }),
    };
  }
  const frames = c.walking ? c.env.curState.frames.slice(0, c.env.curState.curframe + 1) : [];
  if (c.env.prog.sleepable || frames.some((f) => f.inAsyncCallbackFn)) {
    const callback = frames.some((f) => f.inAsyncCallbackFn);
    return {
      title, reason: `${why}, and ${callback ? "a timer's callback runs in an interrupt, where nothing may, whatever the program that set it" : "this part of the program runs where nothing may"}.`,
      fixes: callback ? ["Use a work queue (struct bpf_wq, bpf_wq_set_callback()) instead of the timer: its callback may sleep", "Or use a function that does not sleep"] : ["Call it outside of the callback", "Or use a function that does not sleep"],
    };
  }
  const section2 = sleepableSection(c.env);
  return {
    title, reason: `${why}, and this program (${programWords(c.env)}) is not sleepable.`,
    fixes: [section2 ? `Make the program sleepable, where what it attaches to allows it: ${section2}` : `Call it from a type of program that can sleep, such as ${c.env.f.sleepable_kprobes ? "SEC(\"uprobe.s/…\"), " : ""}SEC("lsm.s/…"), SEC("fentry.s/…") or SEC("syscall"): ${programWords(c.env)} programs never can`, "Or use a function that does not sleep"],
  };
}
function openSection(c: Case): (typeof SECTIONS)[number] | undefined {
  const st = c.walking ? c.env.curState : null;
  if (!st) return undefined;
  return st.activeRcuLocks ? SECTIONS[0] : st.activePreemptLocks ? SECTIONS[1] : st.activeIrqId ? SECTIONS[2] : st.activeLocks ? SECTIONS[3] : undefined;
}
/** The first call of one of these in the program, for refusals before the walk. */
function firstCall(c: Case, names: RegExp): { at: number; name: string } | null {
  for (let i = 0; i < c.env.insns.length; i++) {
    const call = c.callAt(i);
    if (call && names.test(call.name)) return { at: i, name: call.name };
  }
  return null;
}

export const PERMISSIONS: readonly Family[] = [
  family("call-unresolved", "check_helper_call", /^invalid func (?:\S+)#(-?\d+)$/, (c, m) => unresolved(c, m[1]!)),
  family("call-not-allowed", "check_helper_call", /^(?:program of this type cannot use helper|unknown func) (\w+)#\d+$/, (c, m) => notForType(c, m[1]!, "helper")),
  family("call-not-allowed", "check_kfunc_call", /^calling kernel function (\S+) is not allowed$/, (c, m) => notForType(c, m[1]!, "kfunc")),
  family("call-not-allowed", "check_helper_call", /^helper call is not allowed in probe$/, (c) => notHere(c)),
  family("call-not-allowed", "bpf_dev_bound_kfunc_check", /^metadata kfuncs (?:require device-bound program|can't be offloaded)$/, (c) => {
    const call = c.call ? { at: c.at, name: c.call.name } : firstCall(c, /^bpf_xdp_metadata_/);
    return { title: "Packet metadata needs a program bound to a device", ...(call ? { at: call.at } : {}), reason: `${call?.name ?? "The kfunc"}() is answered by a network driver, so the program has to be loaded for one device.`, fixes: ["Load the program for one interface: bpf_program__set_ifindex() and the flag BPF_F_XDP_DEV_BOUND_ONLY (bpf_program__set_flags()) before it is loaded"] };
  }),
  family("call-not-allowed", "check_kfunc_call", /^(\S+) cannot be used in tracing programs on types with NMI unsafe fields$/, (c, m) => ({ title: `${m[1]}() is not possible for this type here`, registers: [1], reason: `${c.who(1)} has fields (kernel pointers, timers, list heads …) whose release takes locks, and a tracing program may run inside an interrupt that came while such a lock was held.`, fixes: ["Do it in another type of program (tc, XDP, syscall …)", "Or use a structure without such fields"] })),
  family("call-gpl", "check_helper_call", /^cannot call (?:GPL-restricted function|kernel function) from non-GPL compatible program$/, (c) => ({ title: "The program's licence does not allow this call", reason: `${c.call?.name ?? "The function"}() is for programs with a licence compatible with the GPL; ${licence(c)}.`, fixes: [DECLARE, "Or do without the call"] })),
  family("licence", "check_ptr_to_btf_access", /^Cannot access kernel 'struct (\S+)' from non-GPL compatible program$/, (c, m) => ({ title: "The program's licence does not allow reading kernel structures", registers: c.access ? [c.access.base] : [], reason: `Reading struct ${m[1]} directly is for programs with a licence compatible with the GPL; ${licence(c)}.`, fixes: [DECLARE] })),
  family("licence", "check_struct_ops_btf_id", /^(struct ops|LSM) programs must have a GPL compatible license$/i, (c, m) => ({ title: "The program's licence does not allow this type", reason: `${m[1] === "LSM" ? "LSM" : "Struct_ops"} programs need a licence compatible with the GPL; ${licence(c)}.`, fixes: [DECLARE] })),
  family("call-sleeps", "check_helper_call", /^sleepable helper (\w+)#\d+ in (.*)$/, (c, m) => sleeps(c, m[1]!, m[2]!)),
  family("call-sleeps", "check_kfunc_call", /^program must be sleepable to call sleepable kfunc (\S+)$/, (c, m) => sleeps(c, m[1]!, "non-sleepable prog")),
  family("call-sleeps", "check_kfunc_call", /^kernel func (\S+) is sleepable within (.*)$/, (c, m) => sleeps(c, m[1]!, m[2]!)),
  family("call-sleeps", "check_helper_call", /^helper call might sleep in a non-sleepable prog$/, (c) => sleeps(c, c.call?.name ?? "the helper", "")),
  family("call-sleeps", "check_func_call", /^sleepable global function (\S+)\(\) called in (.*)$/, (c, m) => {
    const told = sleeps(c, m[1]!, m[2]!, `The global function ${m[1]!}() (or a function it calls) may sleep`);
    return { ...told, fixes: [told.fixes[0]!, `Or make ${m[1]!} static, if what sleeps is not on this path: a static function is verified anew at every call`] };
  }),
  family("call-sleeps", "check_helper_call", /^a non-sleepable BPF program context$/, (c) => sleeps(c, c.call?.name ?? "the call", "")),
  family("call-sleeps", "check_kfunc_call", /^css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs$/, (c) => ({
    title: `${c.call?.name ?? "The iterator"}() is not possible in this program`, reason: `Iterating over a cgroup's tasks takes a lock, so only sleepable programs, LSM programs and iterators may; this one is of type ${programWords(c.env)}.`,
    fixes: [`Do it in ${anyOf([...(sleepableSection(c.env) ? [sleepableSection(c.env)!] : []), 'SEC("lsm/…")', 'SEC("iter/…")'])}`],
  })),
  fixed("call-return", "check_kfunc_call", /^acquire kernel function does not return PTR_TO_BTF_ID$/, "This kfunc cannot be called", "The kfunc acquires an object but does not return a pointer to one: that is a defect of the kernel or of the module that brings it.", "Use another kfunc"),
];
