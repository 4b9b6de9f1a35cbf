import { describe, expect, test } from "vitest";
import { unwrap } from "../../base/result.ts";
import { Errno, errnoName } from "../errno.ts";
import { Memory } from "../memory/memory.ts";
import { handMadeMap } from "../testing/program.ts";
import { checkAttributes, createMap } from "./create.ts";
import { type RingbufMap, ringbufRecordAt } from "./ringbuf.ts";
import { u32Key, type MapEnv, type SimMap } from "./sim-map.ts";

const mem = new Memory();
const env: MapEnv = { mem, cpus: 2, handleBytes: 256, random: () => 7, createInner: (spec) => unwrap(createMap(spec, env, () => true)) };
const make = (type: string, options = {}): SimMap => unwrap(createMap(handMadeMap(0, type, options), env, (ifindex) => ifindex <= 2));
const value = (n: number): Uint8Array => Uint8Array.of(n, 0, 0, 0, 0, 0, 0, 0);
const read = (address: bigint): number => mem.read(address, 8, "value")[0]!;
const ANY = 0n, NOEXIST = 1n, EXIST = 2n;

describe("errnos of map operations", () => {
  test("array", () => {
    const map = make("array");
    expect(read(map.lookup(u32Key(3), 0))).toBe(0);
    expect(map.lookup(u32Key(4), 0)).toBe(0n);
    expect(map.update(u32Key(4), value(1), ANY, 0)).toBe(-Errno.E2BIG);
    expect(map.update(u32Key(1), value(1), NOEXIST, 0)).toBe(-Errno.EEXIST);
    expect(map.update(u32Key(1), value(1), 3n, 0)).toBe(-Errno.EINVAL);
    expect(map.update(u32Key(1), value(1), 4n, 0)).toBe(-Errno.EINVAL);
    expect(map.update(u32Key(1), value(9), EXIST, 0)).toBe(0);
    expect(read(map.lookup(u32Key(1), 0))).toBe(9);
    expect(map.remove(u32Key(1))).toBe(-Errno.EINVAL);
  });
  test("hash", () => {
    const map = make("hash", { maxEntries: 2 });
    expect(map.update(u32Key(1), value(1), EXIST, 0)).toBe(-Errno.ENOENT);
    expect(map.update(u32Key(1), value(1), NOEXIST, 0)).toBe(0);
    expect(map.update(u32Key(1), value(1), NOEXIST, 0)).toBe(-Errno.EEXIST);
    expect(map.update(u32Key(2), value(2), ANY, 0)).toBe(0);
    expect(map.update(u32Key(3), value(3), ANY, 0)).toBe(-Errno.E2BIG);
    const old = map.lookup(u32Key(2), 0);
    expect(map.update(u32Key(2), value(5), ANY, 0)).toBe(0);
    expect(read(old)).toBe(2); // an element found before goes on showing what it held
    expect(read(map.lookup(u32Key(2), 0))).toBe(5);
    expect(map.remove(u32Key(1))).toBe(0);
    expect(map.remove(u32Key(1))).toBe(-Errno.ENOENT);
    expect(map.lookup(u32Key(1), 0)).toBe(0n);
    expect(map.update(u32Key(1), value(1), 8n, 0)).toBe(-Errno.EINVAL);
  });
  test("lru_hash evicts what was not used", () => {
    const map = make("lru_hash", { maxEntries: 3 });
    for (const k of [1, 2, 3]) expect(map.update(u32Key(k), value(k), ANY, 0)).toBe(0);
    map.lookup(u32Key(1), 0);
    expect(map.update(u32Key(4), value(4), ANY, 0)).toBe(0);
    expect(map.lookup(u32Key(2), 0)).toBe(0n);
    expect(map.lookup(u32Key(1), 0)).not.toBe(0n);
  });
  test("percpu_hash sets one CPU's copy from a program, all from user space", () => {
    const map = make("percpu_hash");
    expect(map.update(u32Key(1), value(7), ANY, 1)).toBe(0);
    expect([0, 1].map((cpu) => read(map.lookup(u32Key(1), cpu)))).toEqual([0, 7]);
    expect(map.userUpdate(u32Key(1), value(3), ANY)).toBe(0);
    expect([0, 1].map((cpu) => read(map.lookup(u32Key(1), cpu)))).toEqual([3, 3]);
    expect(map.lookupPercpu(u32Key(1), 5)).toBe(0n);
  });
  test("lpm_trie finds the longest prefix", () => {
    const map = make("lpm_trie", { keySize: 8, flags: 1, maxEntries: 3 });
    const key = (length: number, ...bytes: number[]): Uint8Array => Uint8Array.of(length, 0, 0, 0, ...bytes);
    expect(map.update(key(8, 10, 0, 0, 0), value(1), ANY, 0)).toBe(0);
    expect(map.update(key(20, 10, 1, 0x1f, 0), value(2), ANY, 0)).toBe(0);
    expect(map.update(key(20, 10, 1, 0x1e, 9), value(2), NOEXIST, 0)).toBe(-Errno.EEXIST);
    expect(map.update(key(0, 0, 0, 0, 0), value(3), ANY, 0)).toBe(0);
    expect(map.update(key(32, 1, 1, 1, 1), value(3), ANY, 0)).toBe(-Errno.ENOSPC);
    expect(map.update(key(33, 1, 1, 1, 1), value(3), ANY, 0)).toBe(-Errno.EINVAL);
    expect(read(map.lookup(key(32, 10, 1, 0x10, 1), 0))).toBe(2);
    expect(read(map.lookup(key(32, 10, 2, 0, 1), 0))).toBe(1);
    expect(read(map.lookup(key(32, 9, 2, 0, 1), 0))).toBe(3);
    expect(read(map.lookup(key(7, 10, 0, 0, 0), 0))).toBe(3);
    expect(map.remove(key(8, 10, 99, 0, 0))).toBe(0);
    expect(map.remove(key(8, 10, 99, 0, 0))).toBe(-Errno.ENOENT);
  });
  test("queue and stack", () => {
    for (const [type, first] of [["queue", 1], ["stack", 2]] as const) {
      const map = make(type, { keySize: 0, maxEntries: 2 });
      expect(map.pop()).toBe(-Errno.ENOENT);
      expect([1, 2, 3].map((n) => map.push(value(n), ANY))).toEqual([0, 0, -Errno.E2BIG]);
      expect(map.push(value(1), NOEXIST)).toBe(-Errno.EINVAL);
      expect((map.peek(value(0)) as Uint8Array)[0]).toBe(first);
      expect(map.push(value(3), EXIST)).toBe(0);
      expect((map.pop() as Uint8Array)[0]).toBe(type === "queue" ? 2 : 3);
      expect(map.update(new Uint8Array(0), value(1), ANY, 0)).toBe(-Errno.EINVAL);
    }
  });
  test("bloom_filter", () => {
    const map = make("bloom_filter", { keySize: 0, maxEntries: 100 });
    expect(map.peek(value(5))).toBe(-Errno.ENOENT);
    expect(map.push(value(5), ANY)).toBe(0);
    expect(map.peek(value(5))).toBeInstanceOf(Uint8Array);
    expect(map.push(value(5), NOEXIST)).toBe(-Errno.EINVAL);
    expect(map.pop()).toBe(-Errno.EOPNOTSUPP);
  });
  test("ringbuf fills up, is read in order, up to the first record being written", () => {
    const map = make("ringbuf", { keySize: 0, valueSize: 0, maxEntries: 4096 }) as RingbufMap;
    expect(map.reserve(4096)).toBe(0n);
    const first = map.reserve(100);
    expect(map.output(new Uint8Array(3000))).toBe(0);
    expect(map.output(new Uint8Array(1500))).toBe(-Errno.EAGAIN);
    expect(map.query(0n)).toBe(112n + 3008n);
    expect(map.drain()).toEqual([]);
    mem.write(first, Uint8Array.of(1, 2, 3), "record");
    const record = ringbufRecordAt(mem.objectAt(first))!;
    record.ringbuf.finish(record.record, true);
    expect(map.drain().map((d) => d.length)).toEqual([100, 3000]);
    expect(mem.explain(first, 4, true)).toMatch(/was released before/);
  });
  test("devmap takes devices that exist", () => {
    const map = make("devmap", { valueSize: 4 });
    expect(map.userUpdate(u32Key(0), u32Key(2), ANY)).toBe(0);
    expect(errnoName(map.userUpdate(u32Key(0), u32Key(9), ANY))).toBe("EINVAL");
    expect(map.userUpdate(u32Key(9), u32Key(2), ANY)).toBe(-Errno.E2BIG);
    expect(map.update(u32Key(0), u32Key(2), ANY, 0)).toBe(-Errno.EOPNOTSUPP);
    expect(map.lookup(u32Key(0), 0)).not.toBe(0n);
    expect(map.lookup(u32Key(1), 0)).toBe(0n);
  });
});

test("a value is reached only inside its element", () => {
  const map = make("array", { valueSize: 12 });
  const address = map.lookup(u32Key(1), 0);
  expect(mem.locate(address, 12, true)).toBeGreaterThan(0);
  expect(mem.locate(address + 8n, 8, false)).toBe(-1);
  expect(mem.explain(address + 8n, 8, false)).toMatch(/offset 8 in element 1 of value of map m0, whose elements have 12 bytes/);
});

test.each<[string, object, number]>([
  ["array", { keySize: 8 }, Errno.EINVAL], ["array", { maxEntries: 0 }, Errno.EINVAL], ["hash", { valueSize: 0 }, Errno.EINVAL], ["lru_hash", { flags: 1 }, Errno.ENOTSUPP],
  ["hash", { flags: 2 }, Errno.EINVAL], ["hash", { valueSize: 5_000_000 }, Errno.E2BIG], ["percpu_array", { valueSize: 40_000 }, Errno.E2BIG], ["lpm_trie", { keySize: 8 }, Errno.EINVAL],
  ["queue", {}, Errno.EINVAL], ["ringbuf", { keySize: 0, valueSize: 0, maxEntries: 4095 }, Errno.EINVAL], ["array", { flags: 128 | 256 }, Errno.EINVAL], ["array", {}, 0], ["hash", { flags: 1 }, 0],
])("creation of %s %j gives errno %d", (type, options, errno) => {
  expect(checkAttributes(handMadeMap(0, type, options))).toBe(errno);
});
