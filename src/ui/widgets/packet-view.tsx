import { useState } from "preact/hooks";
import { dissect } from "../../session/packets/dissect.ts";
import { HexView } from "./hex-view.tsx";

/** A frame taken apart beside its bytes; pointing at a field marks its bytes. */
export function PacketView({ bytes, before = null }: { bytes: Uint8Array; before?: Uint8Array | null }) {
  const [marked, setMarked] = useState<{ start: number; end: number } | null>(null);
  const layers = dissect(bytes);
  return (
    <div class="packet" onPointerLeave={() => setMarked(null)}>
      <HexView bytes={bytes} before={before} marked={marked} label="Packet" />
      <div class="layers">
        {layers.map((layer) => (
          <details key={layer.start + layer.name} onToggle={() => setMarked(null)}>
            <summary onPointerEnter={() => setMarked(layer)} onFocus={() => setMarked(layer)}><strong>{layer.name}</strong> <span class="muted num">{layer.summary}</span></summary>
            <dl>{layer.fields.map((f) => <div key={f.name} onPointerEnter={() => setMarked(f)}><dt>{f.name}</dt><dd class="num">{f.value}</dd></div>)}</dl>
          </details>
        ))}
      </div>
    </div>
  );
}
