import type { FlowContext } from "./flow-dissector.ts";
import type { SkbContext } from "./skb-context.ts";
import type { XdpContext } from "./xdp-context.ts";

/** A context with a packet behind it. */
export type PacketContext = XdpContext | SkbContext | FlowContext;

export const ETH_HLEN = 14;
/** SKB_DATA_ALIGN(sizeof(struct skb_shared_info)) where the kernel has no BTF to ask */
export const SHARED_INFO_SIZE = 320;
export const PAGE_SIZE = 4096;
export const MAX_SKB_FRAGS = 17;

/** A value of a field as a narrower access at `skip` bytes into it sees it. */
export function narrow(value: bigint, skip: number, size: number): bigint {
  return BigInt.asUintN(size * 8, value >> BigInt(skip * 8));
}

/** 16 bits in network order as a little-endian register holds them. */
export function be16(value: number): number {
  return ((value & 0xff) << 8) | ((value >> 8) & 0xff);
}
