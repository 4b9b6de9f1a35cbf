import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../../src/base/result.ts";
import { compileSource } from "../../src/cli/compile-source.ts";
import { Engine } from "../../src/cli/engine.ts";
import { bindProgram } from "../../src/loader/bind.ts";
import { openObject } from "../../src/loader/open.ts";
import type { BoundProgram } from "../../src/loader/types.ts";
import type { VerifyResult } from "../../src/verifier/types.ts";
import { verify } from "../../src/verifier/verify.ts";
import { faultsOf } from "./faults.ts";

/** Wrong programs compiled by clang, the family and the fix their explanation has, what else it must say; with that fix applied each is accepted. */
interface Pair { family: string; reason: RegExp; fix: RegExp; related?: RegExp }
const pair = (family: string, reason: RegExp, fix: RegExp, related?: RegExp): Pair => ({ family, reason, fix, ...(related ? { related } : {}) });

const ACCESS: Readonly<Record<string, Pair>> = {
  signed_index: pair("pointer-arithmetic", /R7 \(skb->mark << 2\) is -\d+ … \d+/, /`if \(i < 0 \|\| i > \d+\) return …;`/),
  masked_index: pair("bounds", /the value of map tables has 72 bytes: an access of 4 bytes must begin at offset 0 to 68/, /`i &= 15`/),
  struct_member_index: pair("bounds", /no small upper bound/, /`__u32 i = skb->queue_mapping; if \(i > 15\) return …;` before the access, and use i there/),
  beyond_value: pair("bounds", /begins at offset 8, and the value of map small has 8 bytes/, /Access offset 0 or less/),
  helper_beyond_value: pair("bounds", /bpf_get_current_comm\(\) accesses 16 bytes/, /Pass a size of 8 at most to bpf_get_current_comm\(\)/),
  short_value: pair("stack-bounds", /bpf_map_update_elem\(\)/, /at least 72 bytes/),
  field_of_devmap: pair("ctx-access", /reads 4 bytes at offset 20 of the context, and on Linux 7\.2 a program of type xdp may not/, /SEC\("xdp\/devmap"\)/),
  half_of_data: pair("ctx-access", /as 4 bytes at offset 76/, /Read the whole field with its own type \(4 bytes at offset 76\)/),
  write_context: pair("ctx-access", /writes 4 bytes at offset 16/, /Only read ctx->rx_queue_index/),
  argument_too_many: pair("ctx-access", /tcp_close has 2 arguments: sk, timeout/, /Read no more than 2 arguments/),
  half_argument: pair("ctx-access", /argument 1 of tcp_close begins at offset 0 and takes 8 bytes/, /Or read 8 bytes and convert/),
  result_at_entry: pair("ctx-access", /tcp_v4_connect has 3 arguments/, /attach with SEC\("fexit\/tcp_v4_connect"\), which has the return value/),
  write_task: pair("kernel-object", /writes member pid of struct task_struct through R1 \(ctx\[1\]\)/, /Leave the store out/),
  comm_by_index: pair("kernel-object", /offset that is not a constant/, /bpf_probe_read_kernel\(&copy, sizeof\(copy\), &p->array\[i\]\)/),
  comm_too_long: pair("kernel-object", /member comm ends at offset \d+: 1 byte too many/, /Pass a size of 16 at most to bpf_strncmp\(\)/),
  half_pointer: pair("kernel-object", /Member mm of struct task_struct is a pointer/, /Read the whole pointer with its own type/),
  before_buffer: pair("buffer", /offset -4 from the start of the buffer/, /Use offsets from 0 on/),
  waits_for_flag: pair("endless-loop", /depends on values that it does not know \(`\*\(volatile int \*\)&running`\)/, /`for \(int i = 0; i < N; i\+\+\)`/, /comes back here/),
  recursion: pair("endless-loop", /deeper\(\) calls itself at line \d+; BPF has no recursion/, /loop with a limit/),
  atomic_in_packet: pair("encoding", /atomic operation on the packet/, /Access the packet with a plain load and store/),
  divide_by_zero: pair("division", /r\d \/= 0 divides by 0/, /Divide by another constant/),
  write_frame_pointer: pair("frame-pointer", /R10 is the frame pointer/, /Copy R10 to another register and change the copy/),
};
const CALLS: Readonly<Record<string, Pair>> = {
  helper_of_another_type: pair("call-not-allowed", /program of type xdp may not call the helper bpf_skb_pull_data\(\)/, /from a program in SEC\("tc"\)/),
  kfunc_of_another_type: pair("call-not-allowed", /program of type kprobe may not call the kfunc bpf_task_from_pid\(\)/, /SEC\("tp_btf\/…"\)/),
  sleeping_call: pair("call-sleeps", /this program \(lsm\) is not sleepable/, /SEC\("lsm\.s\/…"\)/),
  sleeping_in_rcu: pair("call-sleeps", /inside an RCU read section \(since line \d+\)/, /Call bpf_rcu_read_unlock\(\) before it/, /entered here/),
  socket_unchecked: pair("argument-type", /takes a socket as argument 1; R1 \(bpf_sk_lookup_tcp\(…\)\) is a socket that may be NULL/, /Check bpf_sk_lookup_tcp\(…\) for NULL before the call/),
  released_twice: pair("argument-type", /was a pointer before, but bpf_sk_release\(\) at line \d+ gave it back/, /Use the pointer only before bpf_sk_release\(\)/, /called here/),
  inner_unchecked: pair("argument-type", /an inner map that may be NULL/, /for NULL before the call/),
  cgroup_without_rcu: pair("argument-type", /is an untrusted pointer to struct cgroup/, /between bpf_rcu_read_lock\(\) and bpf_rcu_read_unlock\(\)/),
  another_structure: pair("argument-type", /takes a pointer to struct cgroup as argument 2; R2 \(ctx\[1\]\) points to struct task_struct/, /Pass a pointer to struct cgroup/),
  address_of_pointer: pair("argument-type", /an object that the kernel gave; R1 \(fp - \d+\) is a pointer to the stack/, /Pass the pointer itself, not its address/),
  address_as_memory: pair("argument-type", /R1 \(ctx\[1\]\) is a plain number/, /bpf_probe_read_kernel\(&copy, sizeof\(copy\), address\)/),
  pushed_twice: pair("owning", /given away before/, /Add each object once only/),
  global_gets_null: pair("global-function", /read_value\(\) is a global function.*may read through argument 1 \(value, `__u64 \*`\).*may be NULL/, /Check bpf_map_lookup_elem\(&table, …\) for NULL before the call/, /read_value\(\) is defined here/),
  global_gets_too_little: pair("global-function", /16 bytes through argument 1 \(pair, `struct two \*`\)/, /whole, initialised `struct two`/),
  global_gives_pointer: pair("global-function", /give_pointer\(\) is a global function; those can return numbers/, /make give_pointer static/),
  throws_in_callback: pair("exception", /can be reached from throwing\(\)/, /Return an error from the callback and call bpf_throw\(\) after/),
  exception_with_pointer: pair("exception", /caught has other parameters/, /`int caught\(u64 cookie\)`/),
  global_callback: pair("callback", /walked\(\) is passed as a callback/, /`static int walked\(…\)`/),
  walks_queue: pair("callback", /R1 \(&waiting\) is of another type \(queue\)/, /Use a hash or array map/),
  slice_of_any_size: pair("constant-argument", /R4 \(skb->mark & 15\) is 0 … 15/, /Pass a literal or sizeof\(\)/),
  dynptr_never_set: pair("dynptr", /was not set by any call on this path/, /Set it up before this call/),
  dynptr_of_local: pair("dynptr", /memory inside a map's value; R1 \(fp - \d+\) is a pointer to the stack/, /Make the buffer a global variable/),
  dynptr_global: pair("argument-type", /the address of a struct bpf_dynptr in a local variable as argument 4; R4 \(&global_dynptr\)/, /`struct bpf_dynptr d; … &d`/),
  dynptr_after_submit: pair("dynptr", /was given back by bpf_ringbuf_submit_dynptr\(\) at line \d+/, /Do not use it after it was given back/),
  dynptr_of_another_kind: pair("dynptr", /made by bpf_ringbuf_reserve_dynptr\(\); the one at R1 \(fp - \d+\) was made by bpf_dynptr_from_mem\(\)/, /that bpf_ringbuf_reserve_dynptr\(\) set up/),
  iterator_never_set: pair("iterator", /bpf_iter_num_new\(\) set up on this path/, /Call bpf_iter_num_new\(\) on every path/),
  iterator_set_twice: pair("iterator", /holds an iterator in use \(bpf_iter_num_new\(\) at line \d+\)/, /Call bpf_iter_num_destroy\(\) before/, /called here/),
  irq_wrong_order: pair("irq", /the flags saved last \(at line \d+\) have to be restored first/, /reverse of the order/, /saved last/),
  irq_restored_twice: pair("irq", /was given back by bpf_local_irq_restore\(\) at line \d+/, /Restore once for each save/),
  kptr_stored: pair("kptr", /stores into member task, declared as `struct task_struct __kptr \*`/, /`old = bpf_kptr_xchg\(&value->field, new\);`/),
  kptr_of_another_type: pair("kptr", /member file, declared as `struct file __kptr \*`; R2 \(bpf_task_acquire\(…\)\) is a trusted pointer to struct task_struct/, /Store a pointer to struct file/),
  call_under_lock: pair("lock", /bpf_ktime_get_ns\(\) is called while a lock \(taken at line \d+\) is held/, /before the lock is taken or after bpf_spin_unlock\(\)/, /lock is taken here/),
  two_locks: pair("lock", /a second lock beside the one taken at line \d+/, /Call bpf_spin_unlock\(\) for the first lock before this call/, /lock is taken here/),
  unlocks_another: pair("lock", /two lookups are two elements/, /the very pointer the lock was taken with/, /lock is taken here/),
  unlocks_without: pair("lock", /no lock was taken/, /Take the lock on every path/),
  lock_as_data: pair("lock", /touches the struct bpf_spin_lock inside the map's value/, /Access the members before and after it/),
  helper_over_the_lock: pair("lock", /bpf_skb_load_bytes\(\) reads or writes the map's value at R3/, /do not include the struct bpf_spin_lock/),
  lock_beside: pair("lock-type", /at offset 0 of the value of map guards; R1 .* is at offset 4/, /Pass the address of that member/),
  lock_in_no_map: pair("lock-type", /the value of map table, .* has none/, /Add a member `struct bpf_spin_lock …;`/),
  lock_while_tracing: pair("lock-type", /The value of map guards has a bpf_spin_lock/, /atomic operations \(__sync_fetch_and_add\(\)\)/),
  not_to_be_traced: pair("attach", /list of functions that must not be traced/, /Attach to another function/),
  never_returns: pair("attach", /do_exit\(\) never does/, /SEC\("fentry\/do_exit"\)/),
  not_modifiable: pair("attach", /tcp_close\(\) is not marked for that/, /SEC\("fentry\/tcp_close"\)/),
  tracepoint_that_sleeps: pair("attach", /sched_switch does not/, /without `\.s`: SEC\("tp_btf\/…"\)/),
  disabled_hook: pair("attach", /getprocattr is one of the LSM hooks that the kernel keeps from BPF/, /Attach to another LSM hook/),
  hook_that_sleeps: pair("attach", /task_free is not one of the hooks at which programs may sleep/, /Write the section without `\.s`/),
  format_unknown: pair("format-string", /The format string of bpf_snprintf\(\)/, /Use %d/),
};

describe.each([["mended-access.c", ACCESS], ["mended-calls.c", CALLS]] as const)("%s: what the explanation proposes is accepted", (file, table) => {
  const text = readFileSync(new URL(`../programs/refused/${file}`, import.meta.url), "utf8");
  const engine = new Engine();
  const results: Record<"wrong" | "mended", Map<string, VerifyResult>> = { wrong: new Map(), mended: new Map() };
  const bound = new Map<string, BoundProgram>();
  beforeAll(async () => {
    const kernel = unwrap(await engine.core.store.kernel("7.2", null));
    for (const [kind, head] of [["wrong", "\n"], ["mended", "#define MENDED\n"]] as const) {
      const made = unwrap(await compileSource(engine, { files: { "p.c": head + text }, main: "p.c" }, "7.2", null, { opt: "-O2", debug: true }));
      if (!made.object) throw new Error(made.stderr);
      const spec = unwrap(openObject(made.object));
      for (const { name } of spec.programs) {
        const program = unwrap(bindProgram(spec, name, kernel));
        if (kind === "wrong") bound.set(name, program);
        results[kind].set(name, verify(program, kernel));
      }
    }
  });
  it("the table has every program", () => {
    expect([...results.wrong.keys()].sort()).toEqual(Object.keys(table).sort());
  });
  it.each(Object.entries(table))("%s", (name, want) => {
    const { verdict, explanation: e, message } = results.wrong.get(name)!;
    expect([verdict, e?.family], message).toEqual(["rejected", want.family]);
    expect(faultsOf(e!, bound.get(name)!)).toEqual([]);
    expect(e!.reason).toMatch(want.reason);
    expect(e!.fixes.some((f) => want.fix.test(f)), `${want.fix} in ${e!.fixes.join(" | ")}`).toBe(true);
    if (want.related) expect(e!.related.map((r) => r.text).join()).toMatch(want.related);
    const mended = results.mended.get(name)!;
    expect([mended.verdict, mended.message]).toEqual(["accepted", ""]);
  });
});
