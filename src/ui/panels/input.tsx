import { useMemo } from "preact/hooks";
import { fromHex } from "../../base/bytes.ts";
import { LIMITS } from "../../session/project.ts";
import { formatHex } from "../../session/packets/hex.ts";
import { PRESETS } from "../../session/packets/presets.ts";
import type { Project } from "../../session/types.ts";
import { capture, openFiles } from "../actions.ts";
import { session } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";
import { PacketView } from "../widgets/packet-view.tsx";

function setInput(change: Partial<Project["input"]>): void {
  session.update({ input: { ...session.project.value.input, ...change } });
}

/** What the program is run on: packet, context, repeats, maps. */
export function InputPanel() {
  const { input } = session.project.value;
  const bytes = useMemo(() => fromHex(input.dataIn), [input.dataIn]);
  const ctx = useMemo(() => fromHex(input.ctxIn), [input.ctxIn]);
  return (
    <div class="scroll pad input">
      <section>
        <div class="row spread">
          <h3 class="heading">Packet {bytes && <span class="faint num">{bytes.length.toLocaleString("en")} bytes</span>}</h3>
          <div class="row">
            <select class="field small" aria-label="Packet preset" value={input.preset ?? ""} onChange={(e) => {
              const preset = PRESETS.find((p) => p.id === e.currentTarget.value);
              setInput({ preset: preset?.id ?? null, dataIn: preset ? formatHex(preset.bytes) : "" });
            }}>
              <option value="">{input.dataIn.trim() === "" ? "None" : "Own bytes"}</option>
              {PRESETS.map((p) => <option key={p.id} value={p.id}>{p.title}</option>)}
            </select>
            <label class="button small outlined"><Icon name="upload" size={13} /> pcap<input type="file" class="sr" accept=".pcap,.pcapng,.cap" onChange={(e) => { void openFiles([...(e.currentTarget.files ?? [])]); e.currentTarget.value = ""; }} /></label>
          </div>
        </div>
        {capture.value && <Captured />}
        <textarea class={`field mono hex-edit ${bytes ? "" : "bad"}`} rows={5} spellcheck={false} aria-label="Packet in hexadecimal" aria-invalid={!bytes} maxLength={LIMITS.inputBytes} placeholder="ff ff ff ff ff ff 02 00 …" value={input.dataIn}
          onInput={(e) => setInput({ dataIn: e.currentTarget.value, preset: null })} />
        {!bytes && <p class="no">Two hexadecimal digits for each byte are expected.</p>}
        {bytes && bytes.length > 0 && <PacketView bytes={bytes} />}
      </section>
      <section>
        <h3 class="heading">Context {ctx && ctx.length > 0 && <span class="faint num">{ctx.length} bytes</span>}</h3>
        <textarea class={`field mono ${ctx ? "" : "bad"}`} rows={2} spellcheck={false} aria-label="Context in hexadecimal" aria-invalid={!ctx} placeholder="made by default; or the struct that user space passes as ctx_in, e.g. struct __sk_buff" value={input.ctxIn} onInput={(e) => setInput({ ctxIn: e.currentTarget.value })} />
        {!ctx && <p class="no">Two hexadecimal digits for each byte are expected.</p>}
        <label class="row repeat"><span class="label">Repeat</span><input class="field num" type="number" min={1} max={LIMITS.repeat} value={input.repeat} onChange={(e) => {
          const n = Math.round(Number(e.currentTarget.value));
          setInput({ repeat: Number.isFinite(n) ? Math.min(LIMITS.repeat, Math.max(1, n)) : 1 });
        }} /></label>
      </section>
      <Maps />
    </div>
  );
}

function Captured() {
  const { name, capture: c } = capture.value!;
  return (
    <div class="captured">
      <div class="row spread"><span class="label ellipsis">{name}: {c.packets.length} packets{c.truncated ? ", more are left out" : ""}</span><button type="button" class="button small icon" aria-label="Close the capture" onClick={() => { capture.value = null; }}><Icon name="cross" size={12} /></button></div>
      <select class="field" size={Math.min(5, Math.max(2, c.packets.length))} aria-label="Packets of the capture" onChange={(e) => {
        const packet = c.packets[Number(e.currentTarget.value)];
        if (packet) setInput({ dataIn: formatHex(packet.bytes), preset: null });
      }}>{c.packets.map((p, i) => <option key={i} value={i}>#{i + 1}, {p.bytes.length} bytes{p.wireLength > p.bytes.length ? ` of ${p.wireLength}` : ""}</option>)}</select>
    </div>
  );
}

/** Contents that maps have before the run. */
function Maps() {
  const maps = (session.summary.value?.maps ?? []).filter((m) => !/\.(?:rodata|data|bss|kconfig)(?:\..*)?$/.test(m.name) && m.keySize > 0 && m.valueSize > 0);
  const contents = session.project.value.maps;
  const set = (name: string, entries: readonly { key: string; value: string }[]): void => {
    const rest = Object.fromEntries(Object.entries(session.project.value.maps).filter(([n]) => n !== name));
    session.update({ maps: entries.length > 0 ? { ...rest, [name]: entries } : rest });
  };
  const zero = (size: number): string => Array.from({ length: Math.min(size, 64) }, () => "00").join(" ");
  return (
    <section>
      <h3 class="heading">Maps before the run</h3>
      {maps.length === 0 && <p class="faint">The program has no map that can be filled.</p>}
      {maps.map((m) => {
        const entries = contents[m.name] ?? [];
        return (
          <div key={m.name} class="map-in">
            <div class="row spread"><span><code>{m.name}</code> <span class="tag">{m.type}</span> <span class="faint num">key {m.keySize}, value {m.valueSize}, at most {m.maxEntries}</span></span>
              <button type="button" class="button small" onClick={() => set(m.name, [...entries, { key: zero(m.keySize), value: zero(m.valueSize) }])}><Icon name="plus" size={12} /> Entry</button></div>
            {entries.map((entry, i) => (
              <div key={i} class="map-entry">
                {(["key", "value"] as const).map((part) => (
                  <input key={part} class={`field mono ${fromHex(entry[part])?.length === (part === "key" ? m.keySize : m.valueSize) ? "" : "bad"}`} aria-label={`${part} ${i + 1} of ${m.name}, ${part === "key" ? m.keySize : m.valueSize} bytes`} title={`${part}, ${part === "key" ? m.keySize : m.valueSize} bytes in hexadecimal, little endian`}
                    value={entry[part]} spellcheck={false} onInput={(e) => set(m.name, entries.map((x, n) => (n === i ? { ...x, [part]: e.currentTarget.value } : x)))} />
                ))}
                <button type="button" class="button small icon" aria-label={`Remove entry ${i + 1}`} onClick={() => set(m.name, entries.filter((_, n) => n !== i))}><Icon name="cross" size={12} /></button>
              </div>
            ))}
          </div>
        );
      })}
    </section>
  );
}
