/** One field of a packet: bytes [start, end) and what they mean. */
export interface Field { name: string; value: string; start: number; end: number }
export interface Layer { name: string; summary: string; start: number; end: number; fields: readonly Field[] }

const ETHERTYPES: Readonly<Record<number, string>> = { 0x0800: "IPv4", 0x0806: "ARP", 0x86dd: "IPv6", 0x8100: "802.1Q", 0x88a8: "802.1ad" };
const PROTOCOLS: Readonly<Record<number, string>> = { 1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP", 41: "IPv6", 47: "GRE", 58: "ICMPv6", 132: "SCTP" };
const TCP_BITS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];

/** Layers of an Ethernet frame from the outside in. Never throws: what is cut short or unknown ends up as "data". */
export function dissect(bytes: Uint8Array): Layer[] {
  const layers: Layer[] = [];
  const u16 = (at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  const u32 = (at: number): number => u16(at) * 65536 + u16(at + 2);
  const mac = (at: number): string => Array.from(bytes.subarray(at, at + 6), (b) => b.toString(16).padStart(2, "0")).join(":");
  const ip4 = (at: number): string => Array.from(bytes.subarray(at, at + 4)).join(".");
  const field = (name: string, value: string, start: number, size: number): Field => ({ name, value, start, end: start + size });
  const rest = (at: number, name = "Data"): void => {
    if (at < bytes.length) layers.push({ name, summary: `${bytes.length - at} bytes`, start: at, end: bytes.length, fields: [] });
  };

  if (bytes.length < 14) {
    rest(0, bytes.length === 0 ? "Empty" : "Too short for Ethernet");
    return layers;
  }
  let type = u16(12);
  layers.push({
    name: "Ethernet", summary: `${mac(6)} → ${mac(0)}`, start: 0, end: 14,
    fields: [field("destination", mac(0), 0, 6), field("source", mac(6), 6, 6), field("type", named(type, ETHERTYPES, 4), 12, 2)],
  });
  let at = 14;
  for (let tags = 0; (type === 0x8100 || type === 0x88a8) && tags < 2 && at + 4 <= bytes.length; tags++) {
    const tci = u16(at);
    const inner = u16(at + 2);
    layers.push({
      name: "VLAN", summary: `id ${tci & 0xfff}`, start: at, end: at + 4,
      fields: [field("priority", String(tci >> 13), at, 2), field("id", String(tci & 0xfff), at, 2), field("type", named(inner, ETHERTYPES, 4), at + 2, 2)],
    });
    type = inner;
    at += 4;
  }
  if (type === 0x0800) ipv4();
  else if (type === 0x86dd) ipv6();
  else if (type === 0x0806 && at + 28 <= bytes.length) {
    layers.push({
      name: "ARP", summary: `who has ${ip4(at + 24)}? tell ${ip4(at + 14)}`, start: at, end: at + 28,
      fields: [field("operation", u16(at + 6) === 1 ? "request (1)" : u16(at + 6) === 2 ? "reply (2)" : String(u16(at + 6)), at + 6, 2),
        field("sender MAC", mac(at + 8), at + 8, 6), field("sender IP", ip4(at + 14), at + 14, 4),
        field("target MAC", mac(at + 18), at + 18, 6), field("target IP", ip4(at + 24), at + 24, 4)],
    });
    rest(at + 28);
  } else rest(at);
  return layers;

  function ipv4(): void {
    const ihl = (bytes[at] ?? 0) & 15;
    if (at + 20 > bytes.length || ihl < 5 || at + ihl * 4 > bytes.length) {
      rest(at, "IPv4, cut short");
      return;
    }
    const protocol = bytes[at + 9]!;
    layers.push({
      name: "IPv4", summary: `${ip4(at + 12)} → ${ip4(at + 16)}`, start: at, end: at + ihl * 4,
      fields: [field("version, IHL", `${bytes[at]! >> 4}, ${ihl * 4} bytes`, at, 1), field("TOS", hex(bytes[at + 1]!, 2), at + 1, 1),
        field("total length", String(u16(at + 2)), at + 2, 2), field("id", hex(u16(at + 4), 4), at + 4, 2), field("flags, offset", hex(u16(at + 6), 4), at + 6, 2),
        field("TTL", String(bytes[at + 8]), at + 8, 1), field("protocol", named(protocol, PROTOCOLS, 2), at + 9, 1), field("checksum", hex(u16(at + 10), 4), at + 10, 2),
        field("source", ip4(at + 12), at + 12, 4), field("destination", ip4(at + 16), at + 16, 4)],
    });
    const fragment = u16(at + 6) & 0x1fff;
    at += ihl * 4;
    if (fragment !== 0) rest(at, "Fragment");
    else transport(protocol);
  }

  function ipv6(): void {
    if (at + 40 > bytes.length) {
      rest(at, "IPv6, cut short");
      return;
    }
    const next = bytes[at + 6]!;
    layers.push({
      name: "IPv6", summary: `${ip6(bytes, at + 8)} → ${ip6(bytes, at + 24)}`, start: at, end: at + 40,
      fields: [field("payload length", String(u16(at + 4)), at + 4, 2), field("next header", named(next, PROTOCOLS, 2), at + 6, 1), field("hop limit", String(bytes[at + 7]), at + 7, 1),
        field("source", ip6(bytes, at + 8), at + 8, 16), field("destination", ip6(bytes, at + 24), at + 24, 16)],
    });
    at += 40;
    transport(next);
  }

  function transport(protocol: number): void {
    if (protocol === 17 && at + 8 <= bytes.length) {
      layers.push({
        name: "UDP", summary: `${u16(at)} → ${u16(at + 2)}, ${u16(at + 4)} bytes`, start: at, end: at + 8,
        fields: [field("source port", String(u16(at)), at, 2), field("destination port", String(u16(at + 2)), at + 2, 2), field("length", String(u16(at + 4)), at + 4, 2), field("checksum", hex(u16(at + 6), 4), at + 6, 2)],
      });
      rest(at + 8);
    } else if (protocol === 6 && at + 20 <= bytes.length) {
      const size = Math.min(Math.max(bytes[at + 12]! >> 4, 5) * 4, bytes.length - at);
      const flags = TCP_BITS.filter((_, i) => bytes[at + 13]! & (1 << i)).join(" ") || "none";
      layers.push({
        name: "TCP", summary: `${u16(at)} → ${u16(at + 2)}, ${flags}`, start: at, end: at + size,
        fields: [field("source port", String(u16(at)), at, 2), field("destination port", String(u16(at + 2)), at + 2, 2), field("sequence", String(u32(at + 4)), at + 4, 4), field("acknowledgment", String(u32(at + 8)), at + 8, 4),
          field("header length", `${size} bytes`, at + 12, 1), field("flags", flags, at + 13, 1), field("window", String(u16(at + 14)), at + 14, 2), field("checksum", hex(u16(at + 16), 4), at + 16, 2)],
      });
      rest(at + size);
    } else if ((protocol === 1 || protocol === 58) && at + 8 <= bytes.length) {
      const kind = bytes[at]!;
      const echo = protocol === 1 ? { 8: "echo request", 0: "echo reply" }[kind] : { 128: "echo request", 129: "echo reply" }[kind];
      layers.push({
        name: PROTOCOLS[protocol]!, summary: echo ?? `type ${kind}`, start: at, end: at + 8,
        fields: [field("type", echo ? `${echo} (${kind})` : String(kind), at, 1), field("code", String(bytes[at + 1]), at + 1, 1), field("checksum", hex(u16(at + 2), 4), at + 2, 2)],
      });
      rest(at + 8);
    } else rest(at);
  }
}

const hex = (n: number, digits: number): string => `0x${n.toString(16).padStart(digits, "0")}`;
const named = (n: number, names: Readonly<Record<number, string>>, digits: number): string => (names[n] ? `${names[n]} (${hex(n, digits)})` : hex(n, digits));

/** RFC 5952: longest run of zero groups (two or more) becomes "::". */
function ip6(bytes: Uint8Array, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[at + 2 * i]! << 8) | bytes[at + 2 * i + 1]!);
  let best = { start: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > best.length) best = { start: i, length };
  }
  const text = (part: number[]): string => part.map((g) => g.toString(16)).join(":");
  return best.start < 0 ? text(groups) : `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`;
}
