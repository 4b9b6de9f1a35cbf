import { encode } from "uqr";
import { useMemo } from "preact/hooks";

/** A QR code, always dark on light: cameras want it so. */
export function Qr({ text, size }: { text: string; size: string }) {
  const code = useMemo(() => {
    try {
      const { data, size: modules } = encode(text, { ecc: "M", border: 3 });
      return { modules, path: data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join("") };
    } catch {
      // Longer than a code can hold.
      return null;
    }
  }, [text]);
  if (!code) return <p class="muted">The address is too long for a QR code.</p>;
  return (
    <svg class="qr" role="img" aria-label={`QR code of ${text}`} width={size} height={size} viewBox={`0 0 ${code.modules} ${code.modules}`} shape-rendering="crispEdges">
      <rect width="100%" height="100%" fill="#fff" /><path d={code.path} fill="#000" />
    </svg>
  );
}
