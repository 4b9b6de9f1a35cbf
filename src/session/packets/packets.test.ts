import { describe, expect, it } from "vitest";
import { checksum } from "./build.ts";
import { dissect } from "./dissect.ts";
import { formatHex, hexRows, readNumber, writeNumber } from "./hex.ts";
import { readCapture } from "./pcap.ts";
import { PRESETS } from "./presets.ts";

const preset = (id: string): Uint8Array => PRESETS.find((p) => p.id === id)!.bytes;
const names = (bytes: Uint8Array): string[] => dissect(bytes).map((l) => l.name);

describe("presets", () => {
  it("have unique ids and right checksums", () => {
    expect(new Set(PRESETS.map((p) => p.id)).size).toBe(PRESETS.length);
    for (const { id, bytes } of PRESETS) {
      if (bytes[12] !== 8 || bytes[13] !== 0 || bytes.length < 34) continue;
      expect(checksum([...bytes.subarray(14, 34)]), id).toBe(0);
      const protocol = bytes[23]!;
      const segment = [...bytes.subarray(34)];
      const pseudo = [...bytes.subarray(26, 34), 0, protocol, segment.length >> 8, segment.length & 255];
      expect(checksum(protocol === 1 ? segment : [...pseudo, ...segment]), id).toBe(0);
    }
  });
});

describe("dissection", () => {
  it("names the layers", () => {
    expect(names(preset("udp-9999"))).toEqual(["Ethernet", "IPv4", "UDP", "Data"]);
    expect(names(preset("tcp-syn"))).toEqual(["Ethernet", "IPv4", "TCP"]);
    expect(names(preset("vlan-udp"))).toEqual(["Ethernet", "VLAN", "IPv4", "UDP", "Data"]);
    expect(names(preset("udp6"))).toEqual(["Ethernet", "IPv6", "UDP", "Data"]);
    expect(names(preset("arp"))).toEqual(["Ethernet", "ARP"]);
    expect(dissect(preset("udp6"))[1]!.summary).toBe("2001:db8::a → 2001:db8::b");
    expect(dissect(preset("tcp-syn"))[2]!.summary).toContain("SYN");
  });
  it("covers every byte and survives every cut", () => {
    for (const { bytes } of PRESETS) {
      for (let n = 0; n <= Math.min(bytes.length, 120); n++) {
        const layers = dissect(bytes.subarray(0, n));
        let at = 0;
        for (const layer of layers) {
          expect(layer.start).toBe(at);
          at = layer.end;
          for (const f of layer.fields) expect(f.end).toBeLessThanOrEqual(n);
        }
        expect(at).toBe(n);
      }
    }
  });
});

describe("captures", () => {
  const u32 = (n: number): number[] => [n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >>> 24) & 255];
  const pcap = (packets: number[][], link = 1): Uint8Array => Uint8Array.from([...u32(0xa1b2c3d4), 2, 0, 4, 0, ...u32(0), ...u32(0), ...u32(65535), ...u32(link), ...packets.flatMap((p) => [...u32(0), ...u32(0), ...u32(p.length), ...u32(p.length + 10), ...p])]);
  it("reads pcap", () => {
    const read = readCapture(pcap([[1, 2, 3], [4]]));
    expect(read).toMatchObject({ ok: true, value: { truncated: false } });
    if (read.ok) expect(read.value.packets.map((p) => [...p.bytes])).toEqual([[1, 2, 3], [4]]);
  });
  it("reads pcapng", () => {
    const block = (type: number, body: number[]): number[] => [...u32(type), ...u32(body.length + 12), ...body, ...u32(body.length + 12)];
    const file = Uint8Array.from([
      ...block(0x0a0d0d0a, [...u32(0x1a2b3c4d), 1, 0, 0, 0, ...u32(0xffffffff), ...u32(0xffffffff)]),
      ...block(1, [1, 0, 0, 0, ...u32(0)]), ...block(6, [...u32(0), ...u32(0), ...u32(0), ...u32(3), ...u32(3), 7, 8, 9, 0]),
    ]);
    const read = readCapture(file);
    expect(read.ok && read.value.packets.map((p) => [...p.bytes])).toEqual([[7, 8, 9]]);
  });
  it("says what is wrong", () => {
    expect(readCapture(new Uint8Array(3))).toMatchObject({ ok: false, error: expect.stringContaining("24") });
    expect(readCapture(new Uint8Array(40))).toMatchObject({ ok: false, error: expect.stringContaining("neither") });
    expect(readCapture(pcap([], 113))).toMatchObject({ ok: false, error: expect.stringContaining("113") });
    const lying = pcap([[1]]);
    lying.set(u32(0x7fffffff), 32);
    expect(readCapture(lying)).toMatchObject({ ok: false, error: expect.stringContaining("claims") });
    const cut = readCapture(pcap([[1, 2, 3], [4, 5, 6]]).subarray(0, 60));
    expect(cut).toMatchObject({ ok: true, value: { truncated: true } });
  });
});

describe("hex", () => {
  it("formats, marks changes, reads and writes numbers", () => {
    expect(formatHex(Uint8Array.from([0, 255]))).toBe("00 ff");
    expect(hexRows(Uint8Array.from([1, 2, 3]), Uint8Array.from([1, 9]))[0]!.changed).toEqual([false, true, true]);
    expect(readNumber(Uint8Array.from([1, 2]))).toBe(513n);
    expect(readNumber(Uint8Array.from([1, 2, 3]))).toBeNull();
    expect(writeNumber(-1n, 4)).toEqual(Uint8Array.from([255, 255, 255, 255]));
  });
});
