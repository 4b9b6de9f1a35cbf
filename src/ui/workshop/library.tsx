import { useEffect, useState } from "preact/hooks";
import type { Result } from "../../base/result.ts";
import { importProgress, stepProgress } from "../../workshop/progress.ts";
import type { Workshop, WorkshopIndexEntry } from "../../workshop/types.ts";
import { progressKey } from "../../session/taking.ts";
import { store } from "../prefs.ts";
import { Icon } from "../widgets/icon.tsx";
import { MenuItem } from "../widgets/menu.tsx";
import { Modal } from "../widgets/modal.tsx";
import { arriving, enter, libraryOpen } from "./door.ts";
import { fetchIndex } from "./open.ts";
import { dropFromShelf, listShelf, type Kept } from "./shelf.ts";

/** The workshops and essays of this page, and the ways to open one from elsewhere. */
export function Library() {
  const [index, setIndex] = useState<Result<WorkshopIndexEntry[], string> | null>(null);
  const load = (): void => {
    setIndex(null);
    void fetchIndex().then(setIndex);
  };
  useEffect(load, []);
  const entries = index?.ok ? index.value : [];
  const workshops = entries.filter((e) => e.kind === "workshop");
  const essays = entries.filter((e) => e.kind === "essay");
  return (
    <Modal title="Workshops" size="wide" onClose={() => { libraryOpen.value = false; }}>
      <div class="library" aria-busy={index === null || arriving.value !== null}>
        {index === null && <div class="skeleton pad"><i /><i /><i /></div>}
        {index && !index.ok && <p class="note"><span class="no">{index.error}</span> <button type="button" class="button small outlined" onClick={load}>Try again</button></p>}
        {workshops.length > 0 && <section><h3 class="heading">Workshops <span class="faint">try, with checks that follow you</span></h3><div class="cards">{workshops.map((e) => <Card key={e.id} entry={e} />)}</div></section>}
        {essays.length > 0 && <section><h3 class="heading">Essays <span class="faint">the debates, each position with a lab to try it</span></h3><div class="cards">{essays.map((e) => <Card key={e.id} entry={e} />)}</div></section>}
        {index?.ok && entries.length === 0 && <p class="muted">This page has no workshops of its own.</p>}
        <Elsewhere />
      </div>
    </Modal>
  );
}

function Card({ entry }: { entry: WorkshopIndexEntry }) {
  const passed = passedOf(entry);
  const last = passed?.current ?? null;
  return (
    <a class="card" href={`#w=${entry.id}`} onClick={(e) => { e.preventDefault(); void enter((inside) => inside.openWanted({ kind: "own", id: entry.id, step: last })); }}>
      <span class="card-title">{entry.title}</span>
      <span class="card-about">{entry.summary}</span>
      <span class="card-foot num">{entry.minutes > 0 && <span><Icon name="clock" size={12} /> {entry.minutes} min</span>}<span>{entry.steps.length} steps</span>{entry.kernels.length > 0 && <span class="mono">{entry.kernels.length > 2 ? `${entry.kernels[0]} … ${entry.kernels.at(-1)}` : entry.kernels.join(", ")}</span>}</span>
      {passed && passed.count > 0 && <span class="card-progress" role="img" aria-label={`${passed.count} of ${entry.steps.length} steps passed`}><i style={{ width: `${(100 * passed.count) / Math.max(1, entry.steps.length)}%` }} /></span>}
    </a>
  );
}

/** What this browser knows of one's way through a workshop of the list. */
function passedOf(entry: WorkshopIndexEntry): { count: number; current: string | null } | null {
  const text = store.get(progressKey(entry, { kind: "own", id: entry.id }));
  const read = text === null ? null : importProgress(text, { id: entry.id, steps: entry.steps } as unknown as Workshop);
  return read?.ok ? { count: entry.steps.filter((s) => stepProgress(read.value, s.id).passed).length, current: read.value.current } : null;
}

function Elsewhere() {
  const [url, setUrl] = useState("");
  const [kept, setKept] = useState<readonly Kept[]>([]);
  useEffect(() => void listShelf().then(setKept), []);
  const openKept = (key: string): void => {
    const local = /^local:(.+)$/.exec(key)?.[1];
    void enter((inside) => inside.openWanted(local === undefined ? { kind: "url", url: key, step: null } : { kind: "kept", id: local, step: null }));
  };
  const pick = (folder: boolean): void => {
    const input = document.createElement("input");
    input.type = "file";
    if (folder) input.webkitdirectory = true;
    else input.accept = ".zip,.json";
    input.onchange = () => {
      const files = [...(input.files ?? [])];
      if (files.length === 0) return;
      void enter((inside) => (folder ? inside.openPickedFolder(files) : inside.openDroppedFile(files[0]!)));
    };
    input.click();
  };
  return (
    <section class="elsewhere">
      <h3 class="heading">From elsewhere <span class="faint">a folder, a zip or an address; dropping one on the page does it too</span></h3>
      <form class="row wrap" onSubmit={(e) => { e.preventDefault(); if (url.trim() !== "") void enter(async (inside) => { await inside.openAddress(url); }); }}>
        <input class="field grow" type="text" inputMode="url" placeholder="https://…/workshop.zip" aria-label="Address of a workshop" value={url} onInput={(e) => setUrl(e.currentTarget.value)} />
        <button type="submit" class="button outlined" disabled={arriving.value !== null}>{arriving.value !== null ? "Opening…" : "Open"}</button>
        <button type="button" class="button outlined" onClick={() => pick(false)}><Icon name="file" size={14} /> Zip…</button>
        <button type="button" class="button outlined" onClick={() => pick(true)}><Icon name="upload" size={14} /> Folder…</button>
      </form>
      {kept.length > 0 && (
        <ul class="kept" aria-label="Opened before">{kept.map((k) => (
          <li key={k.key} class="recent">
            <MenuItem hint={k.key.startsWith("local:") ? "from a file" : new URL(k.key).host} onPick={() => openKept(k.key)}>{k.title}</MenuItem>
            <button type="button" class="button small icon" aria-label={`Forget ${k.title}`} title="Forget (progress is kept)" onClick={() => void dropFromShelf(k.key).then(listShelf).then(setKept)}><Icon name="trash" size={13} /></button>
          </li>
        ))}</ul>
      )}
    </section>
  );
}
