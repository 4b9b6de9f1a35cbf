import { ascii, dnsQuery, ethernet, icmpEcho, ipv4, ipv6, IP6_A, IP6_B, MAC_A, IP_A, IP_B, tcp, TCP_FLAGS, udp } from "./build.ts";

export interface PacketPreset { id: string; title: string; bytes: Uint8Array }

/** Packets one click away; the ids are in links, so they stay. */
export const PRESETS: readonly PacketPreset[] = [
  { id: "udp-9999", title: "UDP to port 9999", bytes: ethernet(0x0800, ipv4(17, udp(40000, 9999, ascii("hello, kernel")))) },
  { id: "dns", title: "DNS query, example.org", bytes: ethernet(0x0800, ipv4(17, udp(53124, 53, dnsQuery("example.org")))) },
  { id: "tcp-syn", title: "TCP SYN to port 443", bytes: ethernet(0x0800, ipv4(6, tcp(51000, 443, TCP_FLAGS.SYN))) },
  { id: "http", title: "HTTP GET to port 80", bytes: ethernet(0x0800, ipv4(6, tcp(51002, 80, TCP_FLAGS.PSH | TCP_FLAGS.ACK, ascii("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")))) },
  { id: "icmp", title: "ICMP echo request", bytes: ethernet(0x0800, ipv4(1, icmpEcho(ascii("abcdefghijklmnop")))) },
  { id: "udp6", title: "UDP over IPv6", bytes: ethernet(0x86dd, ipv6(17, udp(40000, 9999, ascii("hello over v6"), IP6_A, IP6_B))) },
  { id: "vlan-udp", title: "UDP in VLAN 42", bytes: ethernet(0x0800, ipv4(17, udp(40000, 9999, ascii("tagged"))), 42) },
  { id: "arp", title: "ARP request", bytes: ethernet(0x0806, [0, 1, 8, 0, 6, 4, 0, 1, ...MAC_A, ...IP_A, 0, 0, 0, 0, 0, 0, ...IP_B]) },
  { id: "blocked", title: "UDP from 203.0.113.7", bytes: ethernet(0x0800, ipv4(17, udp(40000, 9999, ascii("let me in"), [203, 0, 113, 7]), { src: [203, 0, 113, 7] })) },
  { id: "short", title: "14 bytes, header only", bytes: ethernet(0x0800, []) },
  { id: "jumbo", title: "3,000 bytes of UDP", bytes: ethernet(0x0800, ipv4(17, udp(40000, 9999, Array.from({ length: 2958 }, (_, i) => i & 0xff)))) },
];
