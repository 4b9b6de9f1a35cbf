/** Calls that fail for what is around them: constant strings, what the compiler gave up, what the kernel lacks. */
import { type Case, type Family, family, fixed, type Told } from "./case.ts";

/** A helper's constant string; `n` the argument, where the message names it. */
function notReadOnly(c: Case, n: number): Told {
  const call = `${c.call?.name ?? "the helper"}()`;
  const name = /^&(\w+)$/.exec(c.means(n) ?? "")?.[1];
  const stack = c.typeOf(n).startsWith("fp");
  return {
    title: "The string has to be read-only", registers: [n],
    reason: `${call} reads the string at argument ${n} while the program is checked, so it has to lie in memory that cannot change; ${c.who(n)} ${stack ? "is a variable on the stack" : "can be written"}.`,
    fixes: [name ? `Declare it const and global: \`const char ${name}[] = "…";\` (then it lies in .rodata)` : "Declare the string outside of the function as `const char text[] = \"…\";` (then it lies in .rodata) and pass that"],
  };
}
function unreadable(c: Case): Told {
  const zero = c.message === "string is not zero-terminated";
  return {
    title: zero ? "The string does not end" : "The string cannot be read by the verifier", registers: [],
    reason: zero ? `The constant string that is passed to ${c.call?.name ?? "the helper"}() has no zero byte at its end.` : `The string has to stand at a constant place in a read-only map; this one does not (${c.message}).`,
    fixes: [zero ? "Leave room for the zero byte: `const char text[] = \"…\";` without a size" : "Declare it as `const char text[] = \"…\";` outside of the function and pass it as it is"],
  };
}
function misconfigured(c: Case): Told {
  return { title: "The kernel has no verifier for this", reason: `For this program type or access Linux ${c.env.kernel.name} was built without what its verifier needs; it is a fault of the kernel's configuration, not of the program.`, fixes: ["Use another program type", "Or a kernel built with the subsystem that the program attaches to"] };
}

export const CALLS: readonly Family[] = [
  family("string-argument", "check_arg_const_str", /^R(\d+) does not point to a readonly map'?$/, (c, m) => notReadOnly(c, Number(m[1]))),
  family("string-argument", "check_arg_const_str", /^(?:R\d+ is not a constant address'?|string is not zero-terminated|no direct value access support for this map type|direct value access on string failed)$/, (c) => unreadable(c)),
  family("uninitialised-path", "check_kfunc_call", /^unexpected __bpf_trap\(\) due to uninitialized variable\?$/, (c) => ({ title: "The compiler found undefined behaviour here", reason: `clang replaced code that can only be undefined by a call to __bpf_trap(), and a path reaches it at ${c.place(c.at)}.`, fixes: ["Initialise every variable before it is used, and return a value at the end of every function", "Compile with `-Wall` and follow its warnings about uninitialised variables and missing returns"] })),
  family("program-state", "bpf_check", /^(?:bpf verifier is|kernel subsystem) misconfigured(?: verifier)?$/, (c) => misconfigured(c)),
  fixed("percpu", "process_timer_func", /^bpf_timer cannot be used for PREEMPT_RT\.$/, "No timers on a real-time kernel", "This kernel is built with PREEMPT_RT, and bpf_timer does not work there.", "Use a workqueue (bpf_wq) or user space"),
];
