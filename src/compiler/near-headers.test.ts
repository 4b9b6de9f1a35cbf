import { expect, test } from "vitest";
import { missingHeader, nearHeaders } from "./near-headers.ts";

const existing = ["bpf/bpf_helpers.h", "bpf/bpf_helper_defs.h", "bpf/bpf_endian.h", "bpf/bpf_tracing.h", "linux/bpf.h", "linux/if_ether.h", "linux/tcp.h", "stddef.h", "vmlinux.h"];

test.each<[string, string]>([
  ["bpf_helpers.h", "bpf/bpf_helpers.h"],
  ["bpf/bpf_helper.h", "bpf/bpf_helpers.h"],
  ["linux/if_eth.h", "linux/if_ether.h"],
  ["vmlinux", "vmlinux.h"],
  ["net/tcp.h", "linux/tcp.h"],
  ["bpf/bpf_endain.h", "bpf/bpf_endian.h"],
  ["../stddef.h", "stddef.h"],
])("%s → %s", (wanted, best) => expect(nearHeaders(wanted, existing)[0]).toBe(best));

test("nothing near is nothing", () => expect(nearHeaders("zzzzzzzzzz/qqqqqqqq.h", existing)).toEqual([]));

test("the header is read out of clang's words", () => {
  expect(missingHeader("'a/b.h' file not found")).toBe("a/b.h");
  expect(missingHeader("'a.h' file not found with <angled> include; use \"quotes\" instead")).toBe("a.h");
  expect(missingHeader("use of undeclared identifier 'a'")).toBeUndefined();
});
