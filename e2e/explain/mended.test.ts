import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../../src/base/result.ts";
import { compileSource } from "../../src/cli/compile-source.ts";
import { Engine } from "../../src/cli/engine.ts";
import { bindProgram } from "../../src/loader/bind.ts";
import { openObject } from "../../src/loader/open.ts";
import type { VerifyResult } from "../../src/verifier/types.ts";
import { verify } from "../../src/verifier/verify.ts";

/** Every program is refused as it stands; with the fix applied that its explanation proposes (-DMENDED), the same kernel takes it. */
const text = readFileSync(new URL("../programs/refused/mended.c", import.meta.url), "utf8");

interface Expected {
  family: string;
  /** the line that is named */
  line: string;
  reason: RegExp;
  /** the proposal that -DMENDED follows */
  fix: RegExp;
  related?: RegExp;
  /** loaded without capabilities */
  unprivileged?: boolean;
  /** what must not be said */
  not?: RegExp;
}

const TABLE: Readonly<Record<string, Expected>> = {
  look_up: { family: "null-check", line: "*value += 1;", reason: /bpf_map_lookup_elem\(\) at line \d+ may give NULL/, fix: /for NULL before it is used: `if \(!p\) return XDP_PASS;`/ },
  task_of_iterator: { family: "null-check", line: "BPF_SEQ_PRINTF(ctx->meta->seq, \"%d\\n\", task->pid);", reason: /R2 \(ctx->task\) is a trusted pointer .* that may be NULL; no comparison/, fix: /`if \(!ctx->task\) return 0;`/, not: /ctx->task may give NULL/ },
  socket_after_release: { family: "not-a-pointer", line: "state = sk->state;", reason: /was a pointer, but bpf_sk_release\(\) at line \d+ gave it back/, fix: /Use the pointer before bpf_sk_release\(\)/, related: /given away/, not: /bpf_probe_read_kernel/ },
  kernel_pointer: { family: "not-a-pointer", line: "choice = task->pid;", reason: /a number for the verifier/, fix: /`BPF_CORE_READ\(task, pid\)`/ },
  unset_register: { family: "uninitialised", line: "asm volatile(\"%[x] = r7\" : [x] \"=r\"(x) :: \"r7\");", reason: /R7 has no value on this path/, fix: /Initialise the variable/ },
  variable_context: { family: "modified-pointer", line: "return *(volatile __u32 *)p;", reason: /R1 \(skb \+ \(skb->hash & 12\)\) is the context at an offset that is not a constant \(0 … 12\)/, fix: /into a local array, and index that/ },
  merged_fields: { family: "modified-pointer", line: "return n == 0 ? skb->cb[0] : skb->cb[1];", reason: /the context moved by \d+ bytes/, fix: /read each field into a variable with a barrier behind it/ },
  end_is_moved: { family: "pointer-arithmetic", line: "if (data > end - 14)", reason: /end - 14 computes with R\d \(skb->data_end\)/, fix: /`if \(data \+ N > data_end\) return …;`/ },
  signed_index: { family: "pointer-arithmetic", line: "return table[i];", reason: /may be any number and is added to a pointer into a map's value/, fix: /check both ends: `if \(i < 0 \|\| i > 63\) return …;`/ },
  masked_pointer: { family: "pointer-arithmetic", line: "asm volatile(\"%[p] &= 7\" : [p] \"+r\"(p));", reason: /changes bits of R\d \(fp - 16\)/, fix: /Mask the index before it is added/ },
  wrong_branch: { family: "bounds", line: "return data[3];", reason: /the comparison with data_end at line \d+ found on this path that the pointer compared lies beyond it/, fix: /in the branch where ctx->data \+ 4 <= data_end holds/, not: /no comparison/ },
  write_packet: { family: "packet-write", line: "data[0] = 1;", reason: /programs of type cgroup_skb .* may only read it/, fix: /SEC\("tc"\) or SEC\("xdp"\)/ },
  packet_to_helper: { family: "packet-helper", line: "bpf_skb_store_bytes(skb, 6, data, 6, 0);", reason: /Argument 3, R3 \(skb->data\), points into the packet/, fix: /Copy the bytes to a variable first/ },
  change_setting: { family: "map-value-access", line: "*value = 1;", reason: /value of map settings .* created with BPF_F_RDONLY_PROG/, fix: /in another map/ },
  helper_writes_constant: { family: "map-value-access", line: "bpf_skb_load_bytes(skb, 0, (void *)&threshold, sizeof(threshold));", reason: /threshold is declared const/, fix: /Declare threshold without const/, not: /Or create/ },
  output_to_wrong_map: { family: "map-and-helper", line: "bpf_perf_event_output(ctx, &events, 0, &value, sizeof(value));", reason: /R2 \(&events\) is a map of type BPF_MAP_TYPE_RINGBUF; .* takes BPF_MAP_TYPE_PERF_EVENT_ARRAY only/, fix: /Use bpf_ringbuf_output\(\)/ },
  change_sockmap: { family: "map-and-helper", line: "bpf_map_delete_elem(&socks, &key);", reason: /BPF_MAP_TYPE_SOCKMAP.*program of type kprobe/, fix: /SEC\("tc"\)/ },
  timer_of_other_map: { family: "timer", line: "bpf_timer_init(&later->timer, &others, 1);", reason: /lies in map alarms, R2 \(&others\) is map others/, fix: /`&alarms`/ },
  returns_length: { family: "return-value", line: "return ret;", reason: /R0 \(skb->len\) is 0 … 4294967295; what a program of type cgroup_skb .* has to be 0 to 1/, fix: /`if \(ret < 0 \|\| ret > 1\) ret = 0;`/ },
  returns_one: { family: "return-value", line: "int BPF_PROG(returns_one)", reason: /^R0 is 1; .*exactly 0/, fix: /`return 0;`/, not: /\(1\) is 1/ },
  unbounded_length: { family: "size-argument", line: "return bpf_skb_load_bytes(skb, 0, buf, len);", reason: /it is 0 … 4294967295; R3 \(fp - 64\) has room for at most 64 bytes/, fix: /`if \(len == 0 \|\| len > sizeof\(buf\)\) return …;`/ },
  signed_length: { family: "size-argument", line: "return bpf_skb_load_bytes(skb, 0, buf, len);", reason: /as a size of at least 1/, fix: /len == 0 \|\| len > sizeof\(buf\)/ },
  compared_elsewhere: { family: "size-argument", line: "return bpf_skb_load_bytes(skb, 0, buf, len);", reason: /as a size of at least 1/, fix: /compiled to one of `bpf_get_prandom_u32\(…\) - 65`.*`if \(len == 0\) return …; barrier_var\(len\); if \(len > sizeof\(buf\)\) return …;`/ },
  maybe_zero: { family: "size-argument", line: "return bpf_skb_load_bytes(skb, 0, buf, len);", reason: /it is 0 … 31/, fix: /`if \(len == 0\) return …;`/ },
  longer_than_buffer: { family: "stack-bounds", line: "return bpf_skb_load_bytes(skb, 0, buf, 24);", reason: /24 bytes from fp-16 on, and only 16 bytes/, fix: /`sizeof\(buf\)`\): 16 at most/ },
  index_into_stack: { family: "stack-bounds", line: "return buf[i];", reason: /may begin anywhere from fp-16 to far above/, fix: /`if \(i > 15\) return …;`/ },
  padding_in_key: { family: "stack-uninitialised", unprivileged: true, line: "return bpf_map_lookup_elem(&pairs, &key) != 0;", reason: /fp-12 \(byte 4 of them\) was not written/, fix: /`__builtin_memset\(&x, 0, sizeof\(x\)\);`/ },
  deep_stack: { family: "stack-depth", line: "int deep_stack(struct __sk_buff *skb)", reason: /needs 576 bytes.*deep\(\) 280 bytes/, fix: /Save 64 bytes or more/ },
  early_return: { family: "reference-leak", line: "}", reason: /bpf_ringbuf_reserve\(\) at line \d+ took a reference/, fix: /call bpf_ringbuf_submit\(\) or bpf_ringbuf_discard\(\)/, related: /takes the reference/ },
  dynptr_kept: { family: "reference-leak", line: "}", reason: /bpf_ringbuf_reserve_dynptr\(\)/, fix: /also where bpf_ringbuf_reserve_dynptr\(\) returned an error/, not: /gave NULL/ },
  release_argument: { family: "not-acquired", line: "bpf_task_release(task);", reason: /R1 \(ctx\[0\]\).* was only lent to the program/, fix: /`p = bpf_task_acquire\(p\); if \(!p\) return …;`/ },
  member_of_task: { family: "trusted", line: "p = bpf_task_acquire(bpf_get_current_task_btf()->real_parent);", reason: /member real_parent of struct task_struct; RCU protects what that points to/, fix: /between bpf_rcu_read_lock\(\) and bpf_rcu_read_unlock\(\)/ },
  argument_of_fentry: { family: "trusted", line: "struct task_struct *p = bpf_task_acquire(task);", reason: /argument of the function that the program is attached to/, fix: /SEC\("tp_btf\/…"\)/, not: /argument of the hook as it was given/ },
  preemption_off: { family: "section-open", line: "}", reason: /preemption off entered at line \d+/, fix: /Call bpf_preempt_enable\(\) on every path/, related: /entered here/ },
  unlocks_twice: { family: "rcu", line: "bpf_rcu_read_unlock();", reason: /leaves an RCU read section, and on this path none is open/, fix: /leave out this call/ },
  push_without_lock: { family: "owning", line: "bpf_list_push_front_impl(&nodes, &n->link, NULL, 0);", reason: /list at R1 \(&nodes\).*no lock is held/, fix: /between bpf_spin_lock/ },
  pushed_twice: { family: "owning", line: "bpf_list_push_front_impl(&nodes, &n->link, NULL, 0);", reason: /was given away before/, fix: /Add each object once only/ },
  string_of_data: { family: "string-argument", line: "choice = bpf_strncmp(comm, sizeof(comm), wanted);", reason: /R3 \(&wanted\) can be written/, fix: /`const char wanted\[\] = "…";`/ },
  common_socket: { family: "object-field", line: "return sk->protocol == 6;", reason: /`protocol` of struct bpf_sock/, fix: /`sk = bpf_sk_fullsock\(skb->sk\); if \(!sk\) return …;`/ },
  write_to_socket: { family: "object-write", line: "sk->mark = 1;", reason: /a socket, which programs may only read/, fix: /bpf_setsockopt\(\)|copy it/ },
  unaligned_counter: { family: "unaligned", line: "__sync_fetch_and_add((__u32 *)((char *)value + 3), 1);", reason: /at offset 3, which is not a multiple of 4; atomic accesses/, fix: /offset 0 or offset 4/ },
  long_loop: { family: "too-large", line: "for (__u32 i = 0; i < 400000; i++)", reason: /1,000,000 instructions/, fix: /bpf_loop\(\) with the body as a callback, or `bpf_for/ },
};

describe("what an explanation proposes is what the kernel takes", () => {
  const engine = new Engine();
  const wrong = new Map<string, VerifyResult>();
  const mended = new Map<string, VerifyResult>();
  beforeAll(async () => {
    const kernel = unwrap(await engine.core.store.kernel("7.2", null));
    for (const [results, args] of [[wrong, []], [mended, ["-DMENDED"]]] as const) {
      const made = unwrap(await compileSource(engine, { files: { "mended.c": text }, main: "mended.c" }, "7.2", null, { opt: "-O2", debug: true, extraArgs: [...args] }));
      if (!made.object) throw new Error(made.stderr);
      const spec = unwrap(openObject(made.object));
      for (const [name, { unprivileged }] of Object.entries(TABLE)) results.set(name, verify(unwrap(bindProgram(spec, name, kernel)), kernel, { unprivileged }));
    }
  });
  it("the table has every program", () => {
    const programs = [...text.matchAll(/^int (?:BPF_PROG\()?(\w+)[(,)]/gm)].map((m) => m[1]!);
    expect(Object.keys(TABLE).sort()).toEqual([...new Set(programs)].sort());
  });
  it.each(Object.entries(TABLE))("%s", (name, want) => {
    const refused = wrong.get(name)!;
    const e = refused.explanation!;
    expect([refused.verdict, e.family, e.source?.text.trim()]).toEqual(["rejected", want.family, want.line]);
    expect(e.reason).toMatch(want.reason);
    expect(e.fixes.some((fix) => want.fix.test(fix)), e.fixes.join(" | ")).toBe(true);
    if (want.related) expect(e.related.map((r) => r.text).join()).toMatch(want.related);
    if (want.not) expect([e.title, e.reason, ...e.fixes].join(" | ")).not.toMatch(want.not);
    expect([mended.get(name)!.verdict, mended.get(name)!.message]).toEqual(["accepted", ""]);
  });
  it("sentences end, and have no doubled blanks or quotes left open", () => {
    for (const [name, { explanation: e }] of wrong) {
      for (const text of [e!.title, e!.reason, ...e!.fixes]) {
        expect(text, name).not.toMatch(/ {2}|undefined|NaN|\bnull\b/);
        expect((text.match(/`/g) ?? []).length % 2, `${name}: ${text}`).toBe(0);
      }
      expect(e!.reason, name).toMatch(/\.$/);
    }
  });
});
