import { expect, it } from "vitest";
import { structOpsMemberSupported } from "./kernel-writes.ts";

it("knows which members programs implement, and which of them may sleep", () => {
  expect(structOpsMemberSupported("tcp_congestion_ops", "ssthresh", false)).toBe(true);
  expect(structOpsMemberSupported("tcp_congestion_ops", "get_info", false)).toBe(false);
  expect(structOpsMemberSupported("Qdisc_ops", "peek", false)).toBe(false);
  expect(structOpsMemberSupported("bpf_dummy_ops", "test_2", true)).toBe(false);
  expect(structOpsMemberSupported("bpf_dummy_ops", "test_sleepable", true)).toBe(true);
  expect(structOpsMemberSupported("sched_ext_ops", "enqueue", true)).toBe(false);
  expect(structOpsMemberSupported("ops_of_a_module", "anything", true)).toBe(true);
});
