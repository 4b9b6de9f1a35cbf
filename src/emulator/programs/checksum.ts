/**
 * One's complement sum as x86-64 makes it (kernel csum_partial): 64-bit words as they lie in memory, the rest filled up with zeros, carries
 * added at the other end, folded to 32 bits. Other ways to add give the same checksum but not always the same 32 bits.
 */
export function csumPartial(bytes: Uint8Array, seed: number): number {
  let sum = BigInt(seed >>> 0);
  const padded = bytes.length % 8 === 0 ? bytes : new Uint8Array(Math.ceil(bytes.length / 8) * 8);
  if (padded !== bytes) padded.set(bytes);
  const view = new DataView(padded.buffer, padded.byteOffset, padded.length);
  for (let i = 0; i < padded.length; i += 8) {
    sum += view.getBigUint64(i, true);
    if (sum > 0xffff_ffff_ffff_ffffn) sum -= 0xffff_ffff_ffff_ffffn;
  }
  const folded = Number(sum >> 32n) + Number(sum & 0xffff_ffffn);
  return folded > 0xffff_ffff ? folded - 0xffff_ffff : folded;
}

/** Folds to 16 bits without inverting. */
export function fold(sum: number): number {
  let s = (sum >>> 16) + (sum & 0xffff);
  s = (s >>> 16) + (s & 0xffff);
  return s & 0xffff;
}

/** The checksum field's value for a sum: folded and inverted (kernel csum_fold). */
export function csumFold(sum: number): number {
  return ~fold(sum) & 0xffff;
}

export function csumAdd(a: number, b: number): number {
  const sum = (a >>> 0) + (b >>> 0);
  return sum > 0xffff_ffff ? (sum - 0xffff_ffff) >>> 0 : sum >>> 0;
}

export function csumSub(a: number, b: number): number {
  return csumAdd(a, ~b >>> 0);
}

/** A checksum field after `from` (32 bits, as in memory) became `to`. */
export function csumReplace4(field: number, from: number, to: number): number {
  return csumFold(csumAdd(csumSub(~field & 0xffff_ffff, from), to));
}

export function csumReplaceByDiff(field: number, diff: number): number {
  return csumFold(csumAdd(diff >>> 0, ~field & 0xffff_ffff));
}

/** The 16-bit variant (kernel csum_replace2): one's complement arithmetic in 16 bits. */
export function csumReplace2(field: number, from: number, to: number): number {
  let sum = (~field & 0xffff) + (~from & 0xffff);
  sum = (sum & 0xffff) + (sum >> 16);
  sum += to & 0xffff;
  sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}
