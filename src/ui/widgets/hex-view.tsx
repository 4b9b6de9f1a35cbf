import { hexRows, printable } from "../../session/packets/hex.ts";

interface Props {
  bytes: Uint8Array;
  label: string;
  /** bytes that differ from these are marked */
  before?: Uint8Array | null;
  /** byte range under the highlighter */
  marked?: { start: number; end: number } | null;
}

const LIMIT = 4096;

/** Sixteen bytes a row: offset, hexadecimal, text. */
export function HexView({ bytes, label, before = null, marked = null }: Props) {
  if (bytes.length === 0) return <p class="faint">0 bytes</p>;
  const shown = bytes.subarray(0, LIMIT);
  const on = (at: number): boolean => marked !== null && at >= marked.start && at < marked.end;
  return (
    <div class="hex" role="img" aria-label={`${label}, ${bytes.length} bytes`} tabIndex={0}>
      {hexRows(shown, before).map((row) => (
        <div key={row.offset} class="hex-row">
          <span class="hex-offset">{row.offset.toString(16).padStart(4, "0")}</span>
          <span class="hex-bytes">{Array.from(row.bytes, (b, i) => <i key={i} data-changed={row.changed[i]} data-marked={on(row.offset + i)}>{b.toString(16).padStart(2, "0")}</i>)}</span>
          <span class="hex-text">{Array.from(row.bytes, (b, i) => <i key={i} data-changed={row.changed[i]} data-marked={on(row.offset + i)}>{printable(b)}</i>)}</span>
        </div>
      ))}
      {bytes.length > LIMIT && <p class="faint">and {bytes.length - LIMIT} bytes more</p>}
    </div>
  );
}
