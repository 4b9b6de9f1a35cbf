import { describe, expect, it } from "vitest";
import { expressionAt } from "./expression.ts";

/** The caret stands where clang's record points. */
const at = (line: string, mark: string): string | undefined => expressionAt(line, line.indexOf(mark) + 1)?.text;

describe("the part of a line that an instruction belongs to", () => {
  it.each([
    ["\tif (data + sizeof(*eth) > data_end)", "> data_end", "data + sizeof(*eth) > data_end"],
    ["\tif (data + sizeof(*eth) > data_end)", "+ sizeof", "data + sizeof(*eth)"],
    ["\tif (data + sizeof(*eth) > data_end)", "if", "data + sizeof(*eth) > data_end"],
    ["\tif (a && b->c < 3)", "< 3", "b->c < 3"],
    ["\treturn eth->h_proto == bpf_htons(ETH_P_IP);", "h_proto", "eth->h_proto"],
    ["\treturn eth->h_proto == bpf_htons(ETH_P_IP);", "return", "eth->h_proto == bpf_htons(ETH_P_IP)"],
    ["\tvoid *data = (void *)(long)ctx->data;", "data;", "ctx->data"],
    ["\tvalue = bpf_map_lookup_elem(&counts, &key);", "bpf_map", "bpf_map_lookup_elem(&counts, &key)"],
    ["\t*value += 1;", "+=", "*value += 1"],
    ["\t*value = f(a, b[2]);", "=", "*value = f(a, b[2])"],
    ["\tx = *p++;", "*p", "*p++"],
    ["\tsum += table[i & 7].n;", "n;", "table[i & 7].n"],
    ["\tsum += table[i & 7].n;", "table", "table[i & 7].n"],
    ["\tbyte = ((volatile __u8 *)data)[n];", "((vol", "((volatile __u8 *)data)[n]"],
    ["\tif (!value)", "!", "!value"],
    ["\tfoo(bar(1), /* x, */ \"a,b\")", "bar", "bar(1)"],
    ["\tbpf_printk(\"%d\",", "bpf_printk", "bpf_printk(\"%d\","],
  ])("%s at %s", (line, mark, want) => {
    expect(at(line, mark)).toBe(want);
  });
  it("has no answer where there is no place, and none that does not end", () => {
    expect(expressionAt("x = 1;", 0)).toBeNull();
    expect(expressionAt("x = 1;", 99)).toBeNull();
    expect(expressionAt("((((((((", 3)).not.toBeUndefined();
    expect(expressionAt(`${"(".repeat(5000)}x`, 4)).not.toBeUndefined();
  });
});
