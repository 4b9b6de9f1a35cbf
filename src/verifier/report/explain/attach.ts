/** What the program attaches to, and what its type asks for. */
import type { Case, Family, Told } from "./case.ts";
import { family } from "./case.ts";
import { programWords } from "./program.ts";

/** "bpf_lsm_file_open" as it is written in the section. */
const hook = (name: string): string => name.replace(/^bpf_lsm_/, "");
const attached = (c: Case): string => (c.env.prog.attachTo ? ` (${c.env.prog.attachTo})` : "");

function member(c: Case, name: string, struct: string): Told {
  const { sleepable } = c.env.prog;
  return {
    title: sleepable ? `${struct}.${name} cannot be a sleepable program` : `${struct}.${name} cannot be a BPF program`,
    reason: sleepable ? `The program is sleepable (\`.s\` in its section), and the kernel does not let a sleepable program implement the member ${name} of struct ${struct}.` : `The kernel does not let programs implement the member ${name} of struct ${struct}.`,
    fixes: sleepable ? ["Write the section without `.s`: SEC(\"struct_ops/…\")", `Or leave the member ${name} out`] : [`Leave the member ${name} out of the structure in SEC(".struct_ops")`],
  };
}

export const ATTACH: readonly Family[] = [
  family("attach", "bpf_check_attach_target", /^(\S+?)(?:\(\))? is not modifiable$/, (_c, m) => ({ title: `${m[1]}() cannot be overruled`, reason: `A fmod_ret program replaces a function's return value, and ${m[1]}() is not marked for that: it is neither in the kernel's list for error injection (ALLOW_ERROR_INJECTION) nor a security hook.`, fixes: [`Attach with SEC("fentry/${m[1]}") or SEC("fexit/${m[1]}"), which only watch`, "Or choose a function that allows it: a security_…() hook, or a system call (__x64_sys_…) on a kernel with error injection"] })),
  family("attach", "bpf_check_attach_target", /^(\S+) is not sleepable$/, (c, m) => ({ title: `${hook(m[1]!)} runs where nothing may sleep`, reason: `The program is sleepable (\`.s\` in its section), and ${hook(m[1]!)} is not one of the ${c.env.prog.type === "lsm" ? "hooks" : "functions"} at which programs may sleep.`, fixes: ["Write the section without `.s`", `Or attach to ${c.env.prog.type === "lsm" ? "a hook that may sleep (file_open, bprm_committed_creds, socket_connect …)" : "a function that may sleep: a system call (__x64_sys_…) or one marked for error injection"}`] })),
  family("attach", "bpf_lsm_verify_prog", /^attach_btf_id \d+ points to disabled hook (\S+)$/, (_c, m) => ({ title: `BPF programs cannot attach to the LSM hook ${hook(m[1]!)}`, reason: `${hook(m[1]!)} is one of the LSM hooks that the kernel keeps from BPF.`, fixes: ["Attach to another LSM hook"] })),
  family("attach", "bpf_check_attach_target", /^The address of function (\S+) cannot be found$/, (_c, m) => ({ title: `${m[1]}() cannot be attached to`, reason: `${m[1]} is in the kernel's BTF but has no address of its own: it was inlined everywhere, or is in a module that is not loaded.`, fixes: ["Attach to a function that calls it, or that it calls", "Or load the module"] })),
  family("attach", "check_struct_ops_btf_id", /^attach to unsupported member (\S+) of struct (\S+)$/, (c, m) => member(c, m[1]!, m[2]!)),
  family("attach", "bpf_check_attach_target", /^Sleepable program cannot attach to non-faultable tracepoint (\S+)$/, (_c, m) => ({ title: `Nothing may sleep at the tracepoint ${m[1]}`, reason: `The program is sleepable (\`.s\` in its section), and of all tracepoints only those at the entry and exit of system calls (sys_enter, sys_exit) let programs sleep; ${m[1]} does not.`, fixes: ["Write the section without `.s`: SEC(\"tp_btf/…\")", "Or attach to sys_enter or sys_exit"] })),
  family("attach", "bpf_check_attach_target", /^Attaching tracing programs to function '(\S+)' is rejected\.$/, (_c, m) => ({ title: `Programs cannot attach to ${m[1]}()`, reason: `${m[1]}() is on the kernel's list of functions that must not be traced: whatever runs a tracing program calls it, so the program would run for itself without end.`, fixes: [`Attach to another function, such as one that calls ${m[1]}()`] })),
  family("attach", "bpf_check_attach_target", /^Attaching (\S+) to __noreturn function '(\S+)' is rejected\.$/, (_c, m) => ({ title: `${m[2]}() never returns`, reason: `Programs of the kinds ${m[1]!.replaceAll("/", ", ")} run when the function returns, and ${m[2]}() never does.`, fixes: [`Attach with SEC("fentry/${m[2]}"), which runs before the function`] })),
  family("attach", "check_attach_btf_id", /^Syscall programs can only be sleepable$/, () => ({ title: "Syscall programs have to be sleepable", reason: "A program of type syscall runs on behalf of a task and has to be loaded as one that may sleep.", fixes: ["Use SEC(\"syscall\"), which says so to the loader, or load with BPF_F_SLEEPABLE"] })),
  family("attach", "check_attach_btf_id", /^(?:Only fentry\/fexit\/fmod_ret(?:, |\/| and )?.* programs can be sleepable|Program of this type cannot be sleepable)$/, (c) => ({ title: "Programs of this type cannot be sleepable", reason: `The program is loaded as one that may sleep (\`.s\` in its section, or BPF_F_SLEEPABLE), and ${programWords(c.env)} programs may not on Linux ${c.env.kernel.name}.`, fixes: ["Write the section without `.s`"] })),
  family("attach", "bpf_check_attach_target", /^(?:attach_btf_id .*|Attach(?:ing)? .*|Cannot (?:attach|replace|nest|recursively|extend) .*|Sleepable program cannot attach to .*|Can attach to only JITed progs|Only .* progs are attachable to another BPF prog|Tracing program.*|Extension program.*|Subprog \S+ doesn't exist|can't modify return codes of BPF programs|JIT does not support fsession|attach to invalid member .*)$/, (c) => ({ title: "The program cannot attach there", reason: `What the program names as its target${attached(c)} is not one that a program of type ${programWords(c.env)} can attach to: ${c.message}.`, fixes: ["Check the section's name after the slash: the function, tracepoint or hook must exist in this kernel and fit the program type"] })),
  family("global-return", "check_global_subprog_return_code", /^At subprogram exit the register R0 is not a scalar value \((.*)\)$/, (c, m) => ({ title: "A global function returns a pointer", registers: [0], reason: `${c.who(0)} is a pointer (${m[1]}); global functions return numbers, since they are verified once and their callers know no more than the prototype.`, fixes: ["Make the function static", "Or return a number"] })),
];
