import { effect, signal } from "@preact/signals";
import { useMemo, useState } from "preact/hooks";
import type { Taking } from "../../session/taking.ts";
import { addFile, addLines, nothingCollected, passedCounts, removeRow, toCsv, type Attendee, type Collected } from "../../workshop/results.ts";
import type { Workshop } from "../../workshop/types.ts";
import { save } from "../actions.ts";
import { store } from "../prefs.ts";
import { Icon } from "../widgets/icon.tsx";

const MAX_FILE = 8 * 1024 * 1024;

/** What this browser has collected for a workshop; kept, so that a closed window loses nothing. */
function collectedFor(workshop: Workshop) {
  const key = `bpf-playground/results/${workshop.id}`;
  let before = nothingCollected;
  try {
    const value = JSON.parse(store.get(key) ?? "null") as Partial<Collected> | null;
    if (Array.isArray(value?.rows) && value.rows.every((r) => Array.isArray(r.steps) && r.steps.length === workshop.steps.length && typeof r.attendee === "string" && typeof r.files === "object")) before = { rows: value.rows, problems: [] };
  } catch {
    // damaged: begun anew
  }
  const collected = signal<Collected>(before);
  let first = true;
  effect(() => {
    const { rows } = collected.value;
    if (!first) store.set(key, JSON.stringify({ rows }));
    first = false;
  });
  return collected;
}

/** The presenter's table: who passed what. It is filled by pasting lines and dropping files; nothing comes by itself and nothing leaves. */
export function Collect({ taking }: { taking: Taking }) {
  const { workshop } = taking;
  const collected = useMemo(() => collectedFor(workshop), [workshop]);
  const [text, setText] = useState("");
  const { rows, problems } = collected.value;
  const take = (pasted: string): void => {
    collected.value = addLines(collected.value, pasted, workshop);
    setText("");
  };
  const takeFiles = async (files: readonly File[]): Promise<void> => {
    for (const file of files) {
      if (file.size > MAX_FILE) collected.value = { ...collected.value, problems: [...collected.value.problems, `${file.name} is larger than ${MAX_FILE / 1024 / 1024} MB.`] };
      else collected.value = addFile(collected.value, file.name, await file.text(), workshop);
    }
  };
  return (
    <div class="collect" onDragOver={(e) => e.preventDefault()} onDrop={(e) => { e.preventDefault(); e.stopPropagation(); void takeFiles([...(e.dataTransfer?.files ?? [])]); }}>
      <p class="muted">Attendees copy a line, or save a file, under “My results”. Paste lines here (a whole chat will do) or drop files; a newer result of the same name replaces the older.</p>
      <textarea class="field mono" rows={3} placeholder="bpfws1 …" aria-label="Result lines" value={text} spellcheck={false}
        onInput={(e) => setText(e.currentTarget.value)}
        onPaste={(e) => {
          const pasted = e.clipboardData?.getData("text") ?? "";
          if (pasted.includes("bpfws1 ")) {
            e.preventDefault();
            take(pasted);
          }
        }} />
      <div class="row wrap">
        <button type="button" class="button outlined" disabled={text.trim() === ""} onClick={() => take(text)}>Take lines</button>
        <label class="button outlined"><Icon name="upload" size={14} /> Files…<input type="file" class="sr" multiple accept=".json,.txt" onChange={(e) => { void takeFiles([...(e.currentTarget.files ?? [])]); e.currentTarget.value = ""; }} /></label>
        <span class="grow" />
        {rows.length > 0 && <button type="button" class="button" onClick={() => { if (confirm(`Forget the results of ${rows.length} attendees?`)) collected.value = nothingCollected; }}><Icon name="trash" size={14} /> Clear</button>}
        <button type="button" class="button run" disabled={rows.length === 0} onClick={() => save(`${workshop.id}-results.csv`, `\ufeff${toCsv(collected.value, workshop)}`, "text/csv")}><Icon name="download" size={14} /> CSV</button>
      </div>
      {problems.length > 0 && <ul class="collect-problems" role="alert">{problems.map((p) => <li key={p} class="no">{p}</li>)}</ul>}
      {rows.length > 0 && <ResultTable workshop={workshop} rows={rows} counts={passedCounts(collected.value, workshop)} onRemove={(i) => { collected.value = removeRow(collected.value, i); }} />}
    </div>
  );
}

function ResultTable({ workshop, rows, counts, onRemove }: { workshop: Workshop; rows: readonly Attendee[]; counts: readonly number[]; onRemove: (index: number) => void }) {
  const [open, setOpen] = useState<{ row: number; step: string } | null>(null);
  const shown = open === null ? null : rows[open.row]?.files[open.step];
  return (
    <>
      <div class="table-scroll collect-scroll">
        <table class="table results">
          <thead><tr><th scope="col">Name</th>{workshop.steps.map((s, i) => <th key={s.id} scope="col" class="num" title={s.title}>{i + 1}</th>)}<th scope="col" class="num">Passed</th><th scope="col" class="num">Minutes</th><th scope="col"><span class="sr">Remove</span></th></tr></thead>
          <tbody>{rows.map((row, r) => (
            <tr key={r}>
              <td>{row.attendee || <span class="faint">no name</span>}</td>
              {row.steps.map((s, i) => {
                const id = workshop.steps[i]?.id ?? "";
                const what = `${workshop.steps[i]?.title}: ${s.passed ? "passed" : s.attempts > 0 ? "tried" : "not tried"}, ${s.attempts} attempts, ${Math.round(s.seconds / 60)} min`;
                const mark = s.passed ? <span class="ok"><Icon name="check" size={14} /></span> : s.attempts > 0 ? <span class="warn num">{s.attempts}×</span> : <span class="faint">–</span>;
                return <td key={id} title={what}>{row.files[id] ? <button type="button" class="result-cell" aria-label={`${what}; show the text`} onClick={() => setOpen({ row: r, step: id })}>{mark}</button> : <span aria-label={what} role="img">{mark}</span>}</td>;
              })}
              <td class="num">{row.steps.filter((s) => s.passed).length}</td>
              <td class="num">{Math.round(row.steps.reduce((sum, s) => sum + s.seconds, 0) / 60)}</td>
              <td><button type="button" class="button small icon" aria-label={`Remove ${row.attendee || "this result"}`} onClick={() => onRemove(r)}><Icon name="cross" size={12} /></button></td>
            </tr>
          ))}</tbody>
          <tfoot><tr><th scope="row">{rows.length} attendees</th>{counts.map((n, i) => <td key={i} class="num">{n}</td>)}<td colSpan={3} /></tr></tfoot>
        </table>
      </div>
      {shown && open && (
        <section class="result-text">
          <div class="row spread"><h3 class="heading">{rows[open.row]?.attendee || "no name"}, {workshop.steps.find((s) => s.id === open.step)?.title}</h3><button type="button" class="button small icon" aria-label="Close the text" onClick={() => setOpen(null)}><Icon name="cross" size={12} /></button></div>
          {Object.entries(shown).map(([name, content]) => <figure key={name}><figcaption class="label mono">{name}</figcaption><pre class="quote">{content}</pre></figure>)}
        </section>
      )}
    </>
  );
}
