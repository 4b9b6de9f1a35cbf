import { computed, signal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { ApiDifference } from "../../kernel/api-types.ts";
import type { ApiLifeAnswer } from "../../session/session.ts";
import { filterApis, statusOf, type ApiEntry, type ApiFilter } from "../../session/api-data.ts";
import { apiData, apiEntry, apiError, loadApiData } from "../api-data.ts";
import { copy } from "../actions.ts";
import { pane, panel, session } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";
import { Stability, useStability } from "./stability-card.tsx";
import { VirtualList } from "../widgets/virtual-list.tsx";

const filter = signal<ApiFilter>({ query: "", kind: "all", status: "all", programType: "", flag: "" });
/** The API whose card is open. */
export const openName = signal<string | null>(null);
const comparing = signal<{ from: string; to: string } | null>(null);
const list = computed(() => (apiData.value ? filterApis(apiData.value, filter.value) : []));

/** Shows one API's life; its card has a button that copies its address. */
export function openApi(name: string): void {
  openName.value = name;
  comparing.value = null;
  panel.value = "api";
  pane.value = "results";
}

const ROW = 26;

/** The row that the keyboard is at. */
const current = signal<string | null>(null);

/** After a key: the list is gone, the card's first button takes the focus, and gives it back. */
function focusCard(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>(".api-card button")?.focus());
}
function backToList(): void {
  openName.value = null;
  requestAnimationFrame(() => document.querySelector<HTMLElement>(".api-list")?.focus());
}

export function ApiPanel() {
  useEffect(() => void loadApiData(), []);
  const data = apiData.value;
  const facets = useMemo(() => ({
    types: [...new Set(data?.entries.flatMap((e) => e.kernels.flatMap((k) => k.programTypes)) ?? [])].sort(),
    flags: [...new Set(data?.entries.flatMap((e) => e.kernels.flatMap((k) => k.flags)) ?? [])].sort(),
  }), [data]);
  if (apiError.value) return <div class="empty"><strong>Not loaded</strong><p>{apiError.value}</p><button type="button" class="button outlined" onClick={() => void loadApiData()}>Try again</button></div>;
  if (!data) return <div class="pad skeleton" aria-hidden="true"><i style={{ width: "60%" }} /><i style={{ width: "90%" }} /><i style={{ width: "75%" }} /></div>;
  const entry = openName.value ? apiEntry(openName.value) : null;
  if (openName.value) {
    return entry ? <Card entry={entry} /> : <MadeUp name={openName.value} />;
  }
  const f = filter.value;
  const set = (change: Partial<ApiFilter>): void => { filter.value = { ...filter.value, ...change }; };
  if (comparing.value) return <Compare />;
  const found = list.value.findIndex((e) => e.name === current.value);
  const at = found < 0 ? null : found;
  const columns = { "--kernels": data.kernels.length };
  return (
    <div class="panel-column">
      <div class="panel-bar api-bar">
        <label class="search grow"><Icon name="search" size={13} /><input class="field" type="search" placeholder={`Search ${data.entries.length} helpers and kfuncs`} aria-label="Search APIs" value={f.query} onInput={(e) => set({ query: e.currentTarget.value })} /></label>
        <select class="field small" aria-label="Kind" value={f.kind} onChange={(e) => set({ kind: e.currentTarget.value as ApiFilter["kind"] })}><option value="all">All kinds</option><option value="helper">Helpers</option><option value="kfunc">kfuncs</option></select>
        <select class="field small" aria-label="Status" value={f.status} onChange={(e) => set({ status: e.currentTarget.value as ApiFilter["status"] })}><option value="all">Any status</option><option value="removed">Removed</option><option value="changed">Changed</option><option value="new">New</option><option value="current">Unchanged</option></select>
        <select class="field small" aria-label="Program type" value={f.programType} onChange={(e) => set({ programType: e.currentTarget.value })}><option value="">Any program</option>{facets.types.map((t) => <option key={t} value={t}>{t}</option>)}</select>
        <select class="field small" aria-label="Flag" value={f.flag} onChange={(e) => set({ flag: e.currentTarget.value })}><option value="">Any flag</option>{facets.flags.map((t) => <option key={t} value={t}>{t}</option>)}</select>
      </div>
      <div class="api-head" style={columns}><span class="row"><span class="num faint">{list.value.length} found</span><button type="button" class="link" onClick={() => { comparing.value = { from: data.kernels.at(-2) ?? data.kernels[0]!, to: data.kernels.at(-1)! }; }}>What changed between two kernels</button></span><span class="timeline-head">{data.kernels.map((k) => <i key={k}>{k}</i>)}</span></div>
      {list.value.length === 0 ? <div class="empty"><strong>Nothing found</strong><p>No helper or kfunc matches these filters.</p></div> : (
        <VirtualList id="api" label="Helpers and kfuncs; Enter opens one" class="api-list" count={list.value.length} rowHeight={ROW} current={at}
          onMove={(by) => { current.value = list.value[Math.max(0, Math.min(list.value.length - 1, (at ?? -1) + by))]!.name; }}
          onKey={(e) => {
            if (e.key !== "Enter" || at === null) return;
            openApi(list.value[at]!.name);
            focusCard();
          }}
          row={(i) => {
            const e = list.value[i]!;
            return (
              <div key={e.name} id={`api-${i}`} role="option" aria-selected={i === at} class="api-row" onClick={() => { current.value = e.name; openApi(e.name); }}>
                <span class="link mono ellipsis">{e.name}</span><span class="faint num api-kind">{e.kind === "helper" ? `#${e.id}` : "kfunc"}</span><Timeline entry={e} />
              </div>
            );
          }} />
      )}
    </div>
  );
}

/** One mark a kernel: there, changed here, or absent. */
function Timeline({ entry }: { entry: ApiEntry }) {
  const kernels = apiData.value!.kernels;
  const current = session.project.value.kernel;
  const life = entry.until ? `${entry.since} to ${entry.until}` : `since ${entry.since}`;
  return (
    <span class="timeline" role="img" aria-label={life} style={{ "--kernels": kernels.length }}>
      {kernels.map((k) => {
        const at = entry.kernels.find((x) => x.kernel === k);
        return <i key={k} data-there={at?.present === true} data-changed={at?.changed === true} data-unknown={at?.known === false} data-current={k === current} title={`${k}: ${at?.known === false ? "not known" : at?.present ? (at.changed ? "changed here" : "present") : "absent"}`} />;
      })}
    </span>
  );
}

/** A kfunc that only the custom kernel has, or nothing at all. */
function MadeUp({ name }: { name: string }) {
  const answer = useStability(name);
  const back = <button type="button" class="button small" onClick={backToList}><Icon name="left" size={13} /> All APIs</button>;
  if (answer === null) return <div class="scroll pad api-card">{back}<p class="faint">…</p></div>;
  if (!answer.ok) return <div class="empty"><strong>{name}</strong><p>No simulated kernel has a helper or kfunc of this name.</p>{back}</div>;
  return (
    <div class="scroll pad api-card">{back}
      <h2 class="mono">{answer.value.name}</h2>
      <p class="row wrap"><span class="tag">kfunc</span><span class="tag warn">only in {answer.value.madeUpBy}</span></p>
      {answer.value.signature && <pre class="quote">{answer.value.signature}</pre>}
      <Stability answer={answer} />
    </div>
  );
}

function Card({ entry }: { entry: ApiEntry }) {
  const data = apiData.value!;
  const newest = [...entry.kernels].reverse().find((k) => k.present);
  const status = statusOf(entry, data.kernels);
  const [life, setLife] = useState<ApiLifeAnswer | null>(null);
  const stability = useStability(entry.name);
  useEffect(() => {
    let wanted = true;
    setLife(null);
    void session.apiLife(entry.name).then((answer) => { if (wanted) setLife(answer); });
    return () => { wanted = false; };
  }, [entry.name]);
  return (
    <div class="scroll pad api-card">
      <div class="row spread">
        <button type="button" class="button small" onClick={backToList}><Icon name="left" size={13} /> All APIs</button>
        <a class="button small" href={`#api/${entry.name}`} onClick={(e) => { e.preventDefault(); history.replaceState(null, "", `#api/${entry.name}`); void copy(location.href, "Link copied."); }}><Icon name="link" size={13} /> Copy link</a>
      </div>
      <h2 class="mono">{entry.name}</h2>
      <p class="row wrap"><span class="tag">{entry.kind}{entry.id !== null ? ` #${entry.id}` : ""}</span>{newest?.module && <span class="tag">module {newest.module}</span>}
        <span class={`tag ${status === "removed" ? "no" : status === "changed" ? "warn" : status === "new" ? "ok" : ""}`}>{status === "removed" ? `gone since ${data.kernels[data.kernels.indexOf(entry.until!) + 1] ?? "then"}` : status}</span>{newest?.flags.map((f) => <span key={f} class="tag">{f}</span>)}</p>
      {newest?.signature && <pre class="quote">{newest.signature}</pre>}
      <div class="card-timeline" style={{ "--kernels": data.kernels.length }}><span class="timeline-head">{data.kernels.map((k) => <i key={k}>{k}</i>)}</span><Timeline entry={entry} /></div>
      {entry.replacement && <p>Replaced by <button type="button" class="link mono" onClick={() => openApi(entry.replacement!)}>{entry.replacement}</button>.</p>}
      {entry.note && <p class="muted">{entry.note}</p>}
      <Stability answer={stability} />
      <h3 class="heading">Its life</h3>
      {life === null ? <p class="faint">…</p> : !life.ok ? <p class="no">{life.error}</p> : (
        <ol class="life">
          {life.value.rows.filter((row) => row.change !== null || row.kernel === entry.since).map((row) => (
            <li key={row.kernel}><span class="num life-kernel">{row.kernel}</span><div class={row.state ? "" : "no"}>{row.kernel === entry.since && !row.change ? "first seen" : row.change}{row.state && <code class="signature">{row.state.signature}</code>}</div></li>
          ))}
        </ol>
      )}
      {newest && newest.programTypes.length > 0 && <><h3 class="heading">Program types, {newest.kernel}</h3><p class="row wrap">{newest.programTypes.map((t) => <span key={t} class="tag">{t}</span>)}</p></>}
    </div>
  );
}

function Compare() {
  const data = apiData.value!;
  const { from, to } = comparing.value!;
  const [answer, setAnswer] = useState<{ ok: true; value: readonly ApiDifference[] } | { ok: false; error: string } | null>(null);
  useEffect(() => {
    let wanted = true;
    setAnswer(null);
    void session.apiChanges(from, to).then((a) => { if (wanted) setAnswer(a); });
    return () => { wanted = false; };
  }, [from, to]);
  const changes = answer?.ok ? answer.value : [];
  const pick = (key: "from" | "to") => (e: { currentTarget: HTMLSelectElement }): void => { comparing.value = { ...comparing.value!, [key]: e.currentTarget.value }; };
  return (
    <div class="panel-column">
      <div class="panel-bar">
        <button type="button" class="button small" onClick={() => { comparing.value = null; }}><Icon name="left" size={13} /> All APIs</button>
        <span class="muted">From</span><select class="field small" aria-label="From kernel" value={from} onChange={pick("from")}>{data.kernels.map((k) => <option key={k}>{k}</option>)}</select>
        <span class="muted">to</span><select class="field small" aria-label="To kernel" value={to} onChange={pick("to")}>{data.kernels.map((k) => <option key={k}>{k}</option>)}</select>
        <span class="grow" /><span class="faint num nowrap">{changes.length} differences</span>
      </div>
      <div class="scroll">
        <table class="table compare"><tbody>
          {(["removed", "changed", "added"] as const).flatMap((what) => changes.filter((c) => c.what === what).map((c) => (
            <tr key={c.name}><td><span class={`tag ${what === "removed" ? "no" : what === "added" ? "ok" : "warn"}`}>{what}</span></td><td><button type="button" class="link mono" onClick={() => openApi(c.name)}>{c.name}</button>{(c.detail ?? (what === "added" ? c.after?.signature : null)) && <div class="muted compare-what">{c.detail ?? c.after?.signature}</div>}</td></tr>
          )))}
        </tbody></table>
        {answer && !answer.ok && <p class="pad no">{answer.error}</p>}{answer?.ok && changes.length === 0 && <p class="pad">Nothing differs.</p>}
      </div>
    </div>
  );
}
