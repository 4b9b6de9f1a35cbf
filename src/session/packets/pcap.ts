import { err, ok, type Result } from "../../base/result.ts";

export interface CapturedPacket { bytes: Uint8Array; /** length on the wire; larger when the capture cut it */ wireLength: number }
export interface Capture { packets: readonly CapturedPacket[]; truncated: boolean; linkType: number }

const MAX_PACKETS = 1000;
const MAX_PACKET = 256 * 1024;

/**
 * Packets of a pcap or pcapng file, either byte order, at most 1,000. Only Ethernet (link type 1) is taken.
 * A file cut in the middle gives the packets before the cut.
 */
export function readCapture(file: Uint8Array): Result<Capture, string> {
  if (file.length < 24) return err(`a capture has at least 24 bytes, this file has ${file.length}`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magic = view.getUint32(0, true);
  if (magic === 0xa1b2c3d4 || magic === 0xa1b23c4d) return readPcap(view, file, true);
  if (magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1) return readPcap(view, file, false);
  if (magic === 0x0a0d0d0a) return readPcapng(view, file);
  return err("this file is neither pcap nor pcapng: its first bytes are not theirs");
}

function readPcap(view: DataView, file: Uint8Array, little: boolean): Result<Capture, string> {
  const linkType = view.getUint32(20, little) & 0xffff;
  if (linkType !== 1) return err(`this capture has link type ${linkType}; only Ethernet (1) is read`);
  const packets: CapturedPacket[] = [];
  let at = 24;
  while (at + 16 <= file.length && packets.length < MAX_PACKETS) {
    const captured = view.getUint32(at + 8, little);
    const wireLength = view.getUint32(at + 12, little);
    if (captured > MAX_PACKET) return err(`packet ${packets.length + 1} claims ${captured} bytes; more than ${MAX_PACKET} are not read`);
    if (at + 16 + captured > file.length) break;
    packets.push({ bytes: file.slice(at + 16, at + 16 + captured), wireLength });
    at += 16 + captured;
  }
  return ok({ packets, truncated: at < file.length, linkType });
}

function readPcapng(view: DataView, file: Uint8Array): Result<Capture, string> {
  const packets: CapturedPacket[] = [];
  let little = true;
  let interfaces: { linkType: number; snap: number }[] = [];
  let at = 0;
  while (at + 12 <= file.length && packets.length < MAX_PACKETS) {
    const type = view.getUint32(at, little);
    if (type === 0x0a0d0d0a) {
      little = view.getUint32(at + 8, true) === 0x1a2b3c4d;
      interfaces = [];
    }
    const length = view.getUint32(at + 4, little);
    if (length < 12 || length % 4 !== 0) return err(`the block at byte ${at} claims a length of ${length}`);
    if (at + length > file.length) break;
    if (type === 1 && length >= 20) interfaces.push({ linkType: view.getUint16(at + 8, little), snap: view.getUint32(at + 12, little) });
    if (type === 6 && length >= 32) {
      const source = interfaces[view.getUint32(at + 8, little)];
      const captured = view.getUint32(at + 20, little);
      if (captured > MAX_PACKET) return err(`packet ${packets.length + 1} claims ${captured} bytes; more than ${MAX_PACKET} are not read`);
      if (captured > length - 32) return err(`packet ${packets.length + 1} is longer than its block`);
      if (source?.linkType === 1) packets.push({ bytes: file.slice(at + 28, at + 28 + captured), wireLength: view.getUint32(at + 24, little) });
    }
    if (type === 3 && length >= 16 && interfaces[0]?.linkType === 1) {
      const wireLength = view.getUint32(at + 8, little);
      const captured = Math.min(wireLength, length - 16, MAX_PACKET);
      packets.push({ bytes: file.slice(at + 12, at + 12 + captured), wireLength });
    }
    at += length;
  }
  if (packets.length === 0 && interfaces.length > 0 && !interfaces.some((i) => i.linkType === 1)) return err(`this capture has link type ${interfaces[0]!.linkType}; only Ethernet (1) is read`);
  return ok({ packets, truncated: at < file.length, linkType: 1 });
}
