import type { MapDump, RunResult } from "../../emulator/types.ts";
import { toHex } from "../../base/bytes.ts";
import { readNumber } from "../../session/packets/hex.ts";
import { panel, runProgram, selectInsn, session, sourceOfInsn } from "../state.ts";
import { HexView } from "../widgets/hex-view.tsx";
import { Icon } from "../widgets/icon.tsx";
import { PacketView } from "../widgets/packet-view.tsx";
import { Skeleton } from "./why.tsx";

/** What a run left behind: return value, trace_pipe, packet, maps. */
export function OutputPanel() {
  const run = session.run.value;
  if (run.kind === "running") return <Skeleton />;
  if (run.kind === "stopped") return <div class="empty"><strong>Stopped</strong><p>The run was ended before the program returned.</p></div>;
  if (run.kind === "refused") return <div class="empty"><strong>It did not run</strong><p>{run.message}</p><button type="button" class="button outlined" onClick={() => { panel.value = "input"; }}>Look at the input</button></div>;
  if (run.kind === "none") {
    return (
      <div class="empty"><strong>Nothing has run</strong><p>A run is one BPF_PROG_TEST_RUN on the input: a packet, a context, maps.</p>
        <div class="row"><button type="button" class="button run" disabled={!session.program.value} onClick={() => void runProgram()}><Icon name="play" /> Run</button><button type="button" class="button outlined" onClick={() => { panel.value = "input"; }}>Input</button></div></div>
    );
  }
  const { result, dataIn } = run;
  const verdict = session.verdict.value;
  return (
    <div class="scroll pad output">
      <Outcome result={result} />
      {verdict?.verdict === "rejected" && <p class="note warn">Linux {verdict.kernelName ?? verdict.kernel} would not have loaded this program; it ran here all the same, in a sandbox.</p>}
      <section>
        <h3 class="heading">trace_pipe</h3>
        {result.trace.length === 0 ? <p class="faint">no line printed</p> : <pre class="quote trace">{result.trace.slice(0, 2000).join("\n")}{result.trace.length > 2000 ? `\n… ${result.trace.length - 2000} more lines` : ""}</pre>}
      </section>
      {result.dataOut && result.dataOut.length > 0 && (
        <section>
          <h3 class="heading">Packet out <span class="faint num">{result.dataOut.length} bytes{dataIn && change(dataIn, result.dataOut)}</span></h3>
          <PacketView bytes={result.dataOut} before={dataIn} />
        </section>
      )}
      {(result.events?.length ?? 0) > 0 && (
        <section>
          <h3 class="heading">Events <span class="faint num">{result.events!.length}</span></h3>
          {result.events!.slice(0, 50).map((event, i) => <div key={i} class="event"><code>{event.map}</code><HexView bytes={event.data.subarray(0, 512)} label={`Event ${i + 1} of ${event.map}`} /></div>)}
        </section>
      )}
      {result.maps.map((map) => <MapView key={map.name} map={map} />)}
    </div>
  );
}

function change(before: Uint8Array, after: Uint8Array): string {
  let changed = Math.abs(before.length - after.length);
  for (let i = 0; i < Math.min(before.length, after.length); i++) if (before[i] !== after[i]) changed++;
  return changed === 0 ? ", unchanged" : `, ${changed} changed`;
}

function Outcome({ result }: { result: RunResult }) {
  const bad = result.outcome !== "exited";
  const signed = result.retval | 0;
  return (
    <section class="outcome">
      <dl class="facts big">
        <div><dt>{bad ? "Outcome" : "Returned"}</dt><dd class={`num ${bad ? "no" : ""}`}>{bad ? { fault: "Fault", budget: "Budget spent", stopped: "Stopped", unsupported: "Not simulated", refused: "Refused", exited: "" }[result.outcome] : <>{result.action ?? (signed < 0 ? signed : result.retval)}{result.action && <span class="faint"> {result.retval}</span>}</>}</dd></div>
        <div><dt>Instructions</dt><dd class="num">{result.insnsExecuted.toLocaleString("en")}</dd></div>
        <div><dt>A run took</dt><dd class="num">{duration(result.nsPerRun)}</dd></div>
      </dl>
      {result.message && <pre class={`quote ${bad ? "no" : ""}`}>{result.message}</pre>}
      {bad && result.insn !== undefined && <button type="button" class="button outlined small" onClick={() => { selectInsn(result.insn!, sourceOfInsn.value.get(result.insn!)); panel.value = "insns"; }}>Go to instruction {result.insn}</button>}
    </section>
  );
}

function duration(ns: number): string {
  if (ns >= 1e7) return `${(ns / 1e6).toFixed(0)} ms`;
  if (ns >= 1e4) return `${(ns / 1e3).toFixed(0)} µs`;
  return `${Math.round(ns)} ns`;
}

function MapView({ map }: { map: MapDump }) {
  const entries = map.entries.slice(0, 200);
  return (
    <section>
      <h3 class="heading">{map.name} <span class="tag">{map.type}</span> <span class="faint num">{map.entries.length}{map.truncated ? "+" : ""} {map.entries.length === 1 ? "entry" : "entries"}</span></h3>
      {entries.length === 0 ? <p class="faint">empty</p> : (
        <div class="table-scroll">
          <table class="table map">
            <thead><tr>{map.keySize > 0 && <th scope="col">Key</th>}{entries.some((e) => e.cpu !== undefined) && <th scope="col">CPU</th>}<th scope="col">Value</th></tr></thead>
            <tbody>{entries.map((e, i) => <tr key={i}>{map.keySize > 0 && <td><Bytes bytes={e.key} /></td>}{entries.some((x) => x.cpu !== undefined) && <td class="num">{e.cpu}</td>}<td><Bytes bytes={e.value} /></td></tr>)}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** A small value as the number it is read as in C and as its bytes; a large one as bytes. */
function Bytes({ bytes }: { bytes: Uint8Array }) {
  const number = readNumber(bytes);
  const hex = toHex(bytes.subarray(0, 64)).replace(/(..)(?=.)/g, "$1 ");
  return <span class="bytes">{number !== null && <strong class="num">{number.toString()}</strong>}<code class="faint">{hex}{bytes.length > 64 && " …"}</code></span>;
}
