/**
 * What each change of a kfunc does to each kind of caller: strong, weak and unchecked, weak behind bpf_ksym_exists, by two
 * flavours of the name, by a CO-RE probe of a type. The rows are custom kernels, the columns callers.
 */
import { describe, expect, it } from "vitest";
import { judge, run } from "./harness.ts";

/** A number: accepted, and the program returns it. A text: rejected, with that in the message or the loader's note. */
type Outcome = number | string;
const CALLERS = [
  ["strong", "strong"], ["weak", "unchecked"], ["weak", "checked"], ["flavours", "by_ksym"], ["flavours", "by_type"],
] as const;
const GONE = "extern (func ksym) 'bpf_task_from_pid': not found in kernel or module BTFs";
const POISONED = "kfunc 'bpf_task_from_pid' is referenced but wasn't resolved";
const OLD_POISONED = "kfunc 'bpf_task_from_pid___old' is referenced but wasn't resolved";
const NO_BTF = "Error loading vmlinux BTF: -ESRCH";
const NOT_THERE = 100;

const TABLE: readonly (readonly [sample: string | null, ...outcomes: Outcome[]])[] = [
  // caller:                  strong                          unchecked  checked    by_ksym    by_type
  [null,                      1,                              1,         1,         1,         1],
  ["deprecated",              1,                              1,         1,         1,         1],
  ["deprecated-without-date", 1,                              1,         1,         1,         1],
  ["deprecation-passed",      GONE,                           POISONED,  NOT_THERE, NOT_THERE, OLD_POISONED],
  ["removed",                 GONE,                           POISONED,  NOT_THERE, NOT_THERE, OLD_POISONED],
  ["renamed",                 GONE,                           POISONED,  NOT_THERE, NOT_THERE, OLD_POISONED],
  ["renamed-with-alias",      1,                              1,         1,         1,         1],
  ["changed",                 "incompatible with vmlinux [",  POISONED,  NOT_THERE, 2,         2],
  // the case that nobody can detect: everything loads, and the task is not found
  ["silent",                  0,                              0,         0,         0,         0],
  ["without-btf",             NO_BTF,                         NO_BTF,    NO_BTF,    NO_BTF,    NO_BTF],
];

describe.each(TABLE.map(([sample, ...outcomes]) => ({ sample, outcomes })))("$sample", ({ sample, outcomes }) => {
  it.each(CALLERS.map((caller, i) => [...caller, outcomes[i]!] as const))("%s/%s: %s", async (file, program, outcome) => {
    const place = { file, program, kernel: "7.3", sample };
    const verdict = await judge(place);
    if (typeof outcome === "string") {
      expect(verdict.verdict).toBe("rejected");
      expect(verdict.stage).toBe(outcome === POISONED || outcome === OLD_POISONED ? "verify" : "resolve");
      expect(`${verdict.message}\n${verdict.note ?? ""}`).toContain(outcome);
      return;
    }
    expect(verdict).toMatchObject({ verdict: "accepted", message: "" });
    expect((await run(place)).retval).toBe(outcome);
  });
});

describe("what the page is told", () => {
  it("a deprecated call: where it is, until when, what to use; a warning in the verifier's log too", async () => {
    const verdict = await judge({ file: "strong", program: "strong", kernel: "7.3", sample: "deprecated" });
    const warning = "kfunc bpf_task_from_pid is deprecated and goes away in kernel 7.6; use bpf_task_from_vpid (pids of the initial namespace mean nothing in a container)";
    expect(verdict.warnings).toContain(warning);
    expect(verdict.verify!.log).toContain(`warning: ${warning}\n`);
    expect(verdict.lab).toMatchObject({
      warned: true, undetectable: [], simulatedRelease: "7.3",
      uses: [{
        name: "bpf_task_from_pid", what: "deprecated", replacement: "bpf_task_from_vpid",
        removal: { release: "7.6", date: "2027-05-02", how: "projected" },
        sites: [{ insn: 1, source: { line: 9, text: "\tstruct task_struct *task = bpf_task_from_pid(1);" } }],
      }],
    });
    expect(verdict.lab!.uses[0]!.removal!.daysLeft).toBeGreaterThan(-10_000);
  });

  it("without a date the reason stands alone", async () => {
    const verdict = await judge({ file: "strong", program: "strong", kernel: "7.3", sample: "deprecated-without-date" });
    expect(verdict.warnings).toContain("kfunc bpf_task_from_pid is deprecated; a program should be told of tasks, not look them up; there is no replacement");
    expect(verdict.lab).toMatchObject({ warned: true, uses: [{ removal: null, replacement: null }] });
  });

  it("once it is gone: what to call instead", async () => {
    const verdict = await judge({ file: "strong", program: "strong", kernel: "7.3", sample: "deprecation-passed" });
    expect(verdict).toMatchObject({
      load: { errno: "ESRCH", subject: { kind: "kfunc", name: "bpf_task_from_pid" } },
      api: { status: "removed by policy", replacement: "bpf_task_from_vpid" }, lab: { warned: false, uses: [{ what: "removed" }] },
    });
  });

  it("a field that CO-RE does not find: which change took it", async () => {
    const verdict = await judge({ file: "fields", program: "reads", kernel: "7.3", sample: "types-changed" });
    expect(verdict.lab!.uses).toMatchObject([{ name: "task_struct.prio", kind: "field", what: "removed", text: "prio is removed from struct task_struct", sites: [{ source: { text: "\tstruct task_struct *task = (void *)bpf_get_current_task();" } }] }]);
  });

  it("without BTF: libbpf's lines before the last", async () => {
    const verdict = await judge({ file: "tracing", program: "enters", kernel: "7.3", sample: "without-btf" });
    expect(verdict.load!.log).toEqual(expect.arrayContaining([
      "kernel BTF is missing at '/sys/kernel/btf/vmlinux', was CONFIG_DEBUG_INFO_BTF enabled?", "failed to find valid kernel BTF", "Error loading vmlinux BTF: -ESRCH",
    ]));
  });

  it("the undetectable is named as such", async () => {
    const verdict = await judge({ file: "random", program: "looks", kernel: "7.3", sample: "silent" });
    expect(verdict).toMatchObject({ verdict: "accepted", warnings: [], lab: { warned: false, undetectable: ["bpf_task_from_pid"] } });
  });
});
