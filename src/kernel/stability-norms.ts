/**
 * What each part of the kernel has written down about the stability of what it offers to BPF. Reviewed: every rule was read
 * in the document named. Where a part has written nothing, the general expectations for kfuncs hold, and that is said.
 */
import type { ApiDb, ApiLife, ApiSpan } from "./api-types.ts";
import type { AreaNorm } from "./stability-types.ts";

interface NormRule { area: string; applies(life: { name: string; kind: "helper" | "kfunc"; spans: readonly ApiSpan[] }): boolean; rule: string; source: string; promise: AreaNorm["promise"] }

const DOCS = "kernel 7.3 Documentation";
const KFUNCS = `${DOCS}/bpf/kfuncs.rst, “kfunc lifecycle expectations”`;
const named = (...patterns: RegExp[]) => ({ name, kind }: { name: string; kind: string }): boolean => kind === "kfunc" && patterns.some((p) => p.test(name));

/** The first that applies counts; the last applies to every kfunc. */
export const NORM_RULES: readonly NormRule[] = [
  {
    area: "helpers", applies: ({ kind }) => kind === "helper", promise: "stable",
    rule: "The set of helpers, their arguments and their return codes are part of BPF's stable ABI; new functions come as kfuncs instead.",
    source: `${DOCS}/bpf/bpf_design_QA.rst, “Does BPF have a stable ABI?”`,
  },
  {
    area: "the kernel's own tests", applies: named(/^bpf_kfunc_/, /^bpf_modify_return_test/, /^bpf_fentry_test/, /^bpf_testmod_/), promise: "none",
    rule: "It exists so that the kernel's selftests have something to call, and changes with them; nothing is promised to others.",
    source: "kernel 7.3 net/bpf/test_run.c and tools/testing/selftests/bpf: its only callers",
  },
  {
    area: "sched_ext", applies: named(/^_*scx_bpf_/, /^bpf_iter_scx_/), promise: "none",
    rule: "No stability is guaranteed: callbacks, constants and scx_bpf_ kfuncs may change between releases without warning, though the maintainers try to keep them fairly stable.",
    source: `${DOCS}/scheduler/sched-ext.rst, “ABI Instability”`,
  },
  {
    area: "TCP congestion control", applies: named(/^(?:bbr|cubictcp|dctcp)_/, /^tcp_(?:reno|slow_start|cong_avoid)/), promise: "none",
    rule: "They are the kernel's own functions, opened to BPF as they are: when one changes for the kernel's sake, BPF programs have to follow.",
    source: `${DOCS}/bpf/bpf_design_QA.rst, “Directly calling kernel function is an ABI?”`,
  },
  {
    area: "HID", applies: named(/^hid_bpf_/), promise: "general",
    rule: "HID says nothing of its kfuncs' stability. Its device fixes live in the kernel tree, and the tool that loads them ships several objects for different kernels.",
    source: `${DOCS}/hid/hid-bpf.rst, “In-tree HID-BPF programs and udev-hid-bpf”; ${KFUNCS}`,
  },
  {
    area: "file systems", applies: named(/xattr$/, /^bpf_(?:get_file|put_file|path_d_path|get_fsverity|real_data_inode|get_task_exe_file)/), promise: "general",
    rule: "The document on file system kfuncs limits who may call them (LSM programs) and promises nothing more than the general rule.",
    source: `${DOCS}/bpf/fs_kfuncs.rst; ${KFUNCS}`,
  },
  {
    area: "allocated objects, lists and trees", applies: named(/^bpf_(?:obj|percpu_obj|refcount|list|rbtree)_/), promise: "general",
    rule: "Allocated objects are expressly not stable: they and their special fields follow the general expectations for kfuncs.",
    source: `${DOCS}/bpf/bpf_design_QA.rst, “special BPF types in allocated objects”`,
  },
  {
    area: "networking", applies: named(/^bpf_(?:xdp|skb|ct|sock|sk|qdisc|kfree_skb|ksock|icmp)_?/, /^update_socket_protocol/), promise: "general",
    rule: "Networking has written down no rule of its own for its kfuncs; the general one holds.",
    source: KFUNCS,
  },
  {
    area: "core BPF", promise: "general",
    applies: named(/^bpf_(?:task|cgroup|cpumask|dynptr|iter|rcu|preempt|local_irq|res_spin|wq|timer|arena|map|str|cast|rdonly|throw|percpu|stream|copy_from_user|probe_read|get_|put_|send_signal|crypto|key|lookup|verify|session|task_work)/),
    rule: "Core kfuncs are meant for many kinds of programs, and their many users are what keeps them; still no kfunc ever has a hard guarantee.",
    source: `${DOCS}/bpf/kfuncs.rst, “Core kfuncs” and “kfunc lifecycle expectations”`,
  },
  {
    area: "kfuncs in general", applies: ({ kind }) => kind === "kfunc", promise: "general",
    rule: "A kfunc may be changed or removed by the maintainer of its subsystem when there is good reason; a deprecation period is usual, but not certain.",
    source: KFUNCS,
  },
];

const measuredOf = new WeakMap<ApiDb, Map<string, AreaNorm["measured"]>>();

/** The norm for an API, with what happened to its neighbours over the database's kernels. */
export function normOf(db: ApiDb, life: { name: string; kind: "helper" | "kfunc"; spans: readonly ApiSpan[] }): AreaNorm {
  const { area, rule, source, promise } = ruleOf(life);
  let all = measuredOf.get(db);
  if (!all) measuredOf.set(db, all = measure(db));
  return { area, rule, source, promise, measured: all.get(area) ?? { apis: 0, gone: 0, changed: 0 } };
}

function ruleOf(life: { name: string; kind: "helper" | "kfunc"; spans: readonly ApiSpan[] }): NormRule {
  return NORM_RULES.find((r) => r.applies(life)) ?? NORM_RULES.at(-1)!;
}

function measure(db: ApiDb): Map<string, AreaNorm["measured"]> {
  const out = new Map<string, AreaNorm["measured"]>();
  for (const life of db.apis) {
    const { area } = ruleOf(life);
    const m = out.get(area) ?? { apis: 0, gone: 0, changed: 0 };
    m.apis++;
    if (life.until !== null) m.gone++;
    else if (hasOtherPrototype(life)) m.changed++;
    out.set(area, m);
  }
  return out;
}

/** Whether callers had to look at it again: its C prototype differs somewhere in its life by more than parameter names. */
export function hasOtherPrototype(life: ApiLife): boolean {
  return new Set(life.spans.map((s) => s.signature)).size > 1;
}
