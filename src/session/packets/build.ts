/** Building blocks of test packets. Addresses are from the documentation ranges (RFC 5737, RFC 3849). All headers are network byte order. */
export const MAC_A = [0x02, 0x00, 0x00, 0x00, 0x00, 0x0a];
export const MAC_B = [0x02, 0x00, 0x00, 0x00, 0x00, 0x0b];
export const IP_A = [192, 0, 2, 10];
export const IP_B = [198, 51, 100, 20];
export const IP6_A = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a];
export const IP6_B = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b];

const be16 = (n: number): number[] => [(n >> 8) & 0xff, n & 0xff];
const be32 = (n: number): number[] => [(n >>> 24) & 0xff, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff];

/** Internet checksum (RFC 1071) over the bytes. */
export function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export const ascii = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0) & 0xff);

export const ethernet = (type: number, payload: readonly number[], vlan?: number): Uint8Array =>
  Uint8Array.from([...MAC_B, ...MAC_A, ...(vlan === undefined ? [] : [0x81, 0x00, ...be16(vlan)]), ...be16(type), ...payload]);

export function ipv4(protocol: number, payload: readonly number[], options: { src?: readonly number[]; dst?: readonly number[]; ttl?: number; id?: number } = {}): number[] {
  const header = [0x45, 0, ...be16(20 + payload.length), ...be16(options.id ?? 1), 0x40, 0, options.ttl ?? 64, protocol, 0, 0, ...(options.src ?? IP_A), ...(options.dst ?? IP_B)];
  header.splice(10, 2, ...be16(checksum(header)));
  return [...header, ...payload];
}

export function ipv6(next: number, payload: readonly number[], src: readonly number[] = IP6_A, dst: readonly number[] = IP6_B): number[] {
  return [0x60, 0, 0, 0, ...be16(payload.length), next, 64, ...src, ...dst, ...payload];
}

function pseudo(src: readonly number[], dst: readonly number[], protocol: number, length: number): number[] {
  return src.length === 4 ? [...src, ...dst, 0, protocol, ...be16(length)] : [...src, ...dst, ...be32(length), 0, 0, 0, protocol];
}

export function udp(sport: number, dport: number, data: readonly number[], src: readonly number[] = IP_A, dst: readonly number[] = IP_B): number[] {
  const segment = [...be16(sport), ...be16(dport), ...be16(8 + data.length), 0, 0, ...data];
  segment.splice(6, 2, ...be16(checksum([...pseudo(src, dst, 17, segment.length), ...segment]) || 0xffff));
  return segment;
}

export const TCP_FLAGS = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 } as const;

export function tcp(sport: number, dport: number, flags: number, data: readonly number[] = [], src: readonly number[] = IP_A, dst: readonly number[] = IP_B): number[] {
  const segment = [...be16(sport), ...be16(dport), ...be32(1000), ...be32(flags & TCP_FLAGS.ACK ? 2000 : 0), 0x50, flags, ...be16(64240), 0, 0, 0, 0, ...data];
  segment.splice(16, 2, ...be16(checksum([...pseudo(src, dst, 6, segment.length), ...segment])));
  return segment;
}

export function icmpEcho(data: readonly number[]): number[] {
  const message = [8, 0, 0, 0, ...be16(0x1234), ...be16(1), ...data];
  message.splice(2, 2, ...be16(checksum(message)));
  return message;
}

/** A DNS query for one name, type A. */
export function dnsQuery(name: string): number[] {
  const labels = name.split(".").flatMap((label) => [label.length, ...ascii(label)]);
  return [...be16(0xbeef), 0x01, 0x00, ...be16(1), 0, 0, 0, 0, 0, 0, ...labels, 0, ...be16(1), ...be16(1)];
}
