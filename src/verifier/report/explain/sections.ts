/** Sections that have to be left: RCU, preemption and interrupts off, locks. */
import { enteredAt } from "./calls-before.ts";
import { type Case, type Family, family, type Told } from "./case.ts";

interface Section { words: string; begin: string; end: string; enter: RegExp; leave: RegExp }
const SECTIONS: Readonly<Record<string, Section>> = {
  "bpf_spin_lock": { words: "a spin lock", begin: "bpf_spin_lock()", end: "bpf_spin_unlock()", enter: /^bpf_(?:res_)?spin_lock(?:_irqsave)?$/, leave: /^bpf_(?:res_)?spin_unlock(?:_irqrestore)?$/ },
  "bpf_rcu_read_lock": { words: "an RCU read section", begin: "bpf_rcu_read_lock()", end: "bpf_rcu_read_unlock()", enter: /^bpf_rcu_read_lock$/, leave: /^bpf_rcu_read_unlock$/ },
  "bpf_preempt_disable": { words: "a section with preemption off", begin: "bpf_preempt_disable()", end: "bpf_preempt_enable()", enter: /^bpf_preempt_disable$/, leave: /^bpf_preempt_enable$/ },
  "bpf_local_irq_save": { words: "a section with interrupts off", begin: "bpf_local_irq_save()", end: "bpf_local_irq_restore()", enter: /^bpf_(?:local_irq_save|res_spin_lock_irqsave)$/, leave: /^bpf_(?:local_irq_restore|res_spin_unlock_irqrestore)$/ },
};
const sectionAt = (c: Case, s: Section): number | null => enteredAt(c, s.enter, s.leave);

function open(c: Case, what: string, name: string): Told {
  const s = SECTIONS[name] ?? { words: `a ${name} section`, begin: `${name}()`, end: "the function that ends it", enter: /^$/, leave: /^$/ };
  const lock = name === "bpf_spin_lock";
  const at = sectionAt(c, s) ?? (name === "bpf_local_irq_save" || lock ? (c.walking ? (c.env.curState.refs.find((r) => r.type !== "ptr")?.insnIdx ?? null) : null) : null);
  const where = what.startsWith("BPF_EXIT") ? "the end of the program" : what.startsWith("BPF_LD") ? "a load that may end the program (BPF_LD_ABS)" : what === "tail_call" ? "the tail call" : `the call of ${c.call?.name ?? what}()`;
  const since = at === null ? "" : ` ${lock ? "taken" : "entered"} at ${c.place(at)}`;
  const words = lock ? "a spin lock is still held" : `${s.words} is still open`;
  return {
    title: `${words[0]!.toUpperCase()}${words.slice(1)}`,
    reason: `This path comes to ${where} while ${s.words}${since} is still ${lock ? "held" : "open"}.`,
    fixes: [`Call ${s.end} on every path before ${where}`, ...(what.startsWith("BPF_EXIT") ? ["Look at early returns in between: each needs its own call"] : [])],
    ...(at === null ? {} : { related: [c.related(at, lock ? "the lock is taken here" : "it is entered here")] }),
  };
}
function unmatched(c: Case, call: string): Told {
  const s = Object.values(SECTIONS).find((x) => x.leave.test(call));
  return {
    title: "The section was not entered", registers: [],
    reason: `${call}() leaves ${s?.words ?? "a section"}, and on this path none is open${c.env.curState?.cur.frameno === 0 ? "" : " (a function that is verified by itself cannot leave its caller's section)"}.`,
    fixes: [`Call ${s?.begin ?? "the function that enters it"} before, once for each ${call}(), on every path that leads here`, `Or leave out this call of ${call}()`],
  };
}

export const SECTION_FAMILIES: readonly Family[] = [
  family("section-open", "check_resource_leak", /^(.*?) (?:cannot be used inside|cannot be used within) (bpf_\w+)-ed region$/, (c, m) => open(c, m[1]!, m[2]!)),
  family("rcu", "check_kfunc_call", /^unmatched (?:rcu read unlock|attempt to enable preemption) \(kernel function (\S+)\)$/, (c, m) => unmatched(c, m[1]!)),
  family("rcu", "check_kfunc_call", /^(?:kernel func (\S+) requires RCU critical section protection|expected an RCU CS when using (\S+))$/, (c, m) => {
    const name = m[1] ?? m[2]!;
    const next = /_next$/.test(name);
    return {
      title: "An RCU read section is needed", registers: [],
      reason: `${name}() goes through objects that RCU protects, and on this path no RCU read section is open${next ? ": it was left in the middle of the iteration" : " (this program may sleep, so it is in none by itself)"}.`,
      fixes: [next ? "Call bpf_rcu_read_unlock() after the loop, not in it" : "Call bpf_rcu_read_lock() before the loop and bpf_rcu_read_unlock() after it"],
    };
  }),
];
