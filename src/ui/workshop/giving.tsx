import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Result } from "../../base/result.ts";
import type { Taking } from "../../session/taking.ts";
import { packsOf, planCopy, type BuildFile } from "../../workshop/offline.ts";
import { byAge, releasesOf } from "../../workshop/presenting.ts";
import { copy, save } from "../actions.ts";
import { largeType } from "../prefs.ts";
import { Icon } from "../widgets/icon.tsx";
import { Modal } from "../widgets/modal.tsx";
import { Collect } from "./collect.tsx";
import { openedFiles } from "./enter.ts";
import { fetchBuild, makeCopy } from "./offline-copy.ts";
import { linkOf, onlyHere, openPresenter, presenting, roomBase } from "./present.ts";
import { Qr } from "./qr.tsx";
import { surface } from "./surface.ts";

const TABS = [{ id: "room", title: "Room" }, { id: "results", title: "Results" }, { id: "offline", title: "Without internet" }] as const;
const tab = signal<(typeof TABS)[number]["id"]>("room");

/** What whoever gives a workshop needs: the address for the room, the second window, what attendees hand in, a copy without internet. */
export function Giving({ taking }: { taking: Taking }) {
  return (
    <Modal title={`Give “${taking.workshop.title}”`} label="Give this workshop" size="wide" onClose={() => { surface.value = null; }}>
      <div class="tabs" role="tablist" aria-label="Giving">
        {TABS.map((t) => <button key={t.id} type="button" role="tab" aria-selected={tab.value === t.id} onClick={() => { tab.value = t.id; }}>{t.title}</button>)}
      </div>
      <div class="giving" role="tabpanel">
        {tab.value === "room" && <Room taking={taking} />}
        {tab.value === "results" && <Collect taking={taking} />}
        {tab.value === "offline" && <OfflineCopy taking={taking} />}
      </div>
    </Modal>
  );
}

function Room({ taking }: { taking: Taking }) {
  const link = linkOf(taking);
  return (
    <div class="giving-room">
      <div class="giving-main">
        <section>
          <h3 class="heading">The room's address</h3>
          {link.ok ? (
            <>
              <p class="room-link mono">{link.value}</p>
              {onlyHere.value && <p class="warn">This address leads to this computer only. Put in the one under which the room reaches it:</p>}
              {(onlyHere.value || roomBase.value !== new URL("./", document.baseURI).href) && (
                <label class="stack"><span class="label">Address of this page in the room</span>
                  <input class="field mono" value={roomBase.value} spellcheck={false} inputMode="url" onInput={(e) => { roomBase.value = e.currentTarget.value.trim(); }} /></label>
              )}
              <div class="row wrap">
                <button type="button" class="button outlined" onClick={() => void copy(link.value, "Address copied.")}><Icon name="copy" size={14} /> Copy</button>
                <button type="button" class="button outlined" onClick={() => { surface.value = "room"; }}><Icon name="screen" size={14} /> Show it on the screen</button>
              </div>
            </>
          ) : <p class="muted">{link.error}</p>}
        </section>
        <section>
          <h3 class="heading">On the screen</h3>
          <p class="muted">Notes, clocks and the next step in a window of your own; this window is for the room.</p>
          <div class="row wrap">
            <button type="button" class="button run" onClick={() => openPresenter(taking)}><Icon name="people" size={14} /> {presenting.value ? "Presenter's window again" : "Open the presenter's window"}</button>
            <button type="button" class="button outlined" aria-pressed={largeType.value} onClick={() => { largeType.value = !largeType.value; }}>Large type</button>
          </div>
        </section>
      </div>
      {link.ok && <Qr text={link.value} size="220" />}
    </div>
  );
}

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function OfflineCopy({ taking }: { taking: Taking }) {
  const [build, setBuild] = useState<Result<BuildFile[], string> | null>(null);
  const [all, setAll] = useState(false);
  const [progress, setProgress] = useState<{ done: number; total: number } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => {
    void fetchBuild().then(setBuild);
    return () => abort.current?.abort();
  }, []);
  if (build === null) return <div class="skeleton pad"><i /><i /></div>;
  if (!build.ok) return <p class="note">A copy cannot be made here: {build.error}.</p>;
  const packs = packsOf(build.value);
  const named = releasesOf(taking.workshop, packs);
  const releases = all ? packs.sort(byAge) : named;
  const plan = planCopy(build.value, releases);
  const make = async (): Promise<void> => {
    abort.current = new AbortController();
    setProblem(null);
    setProgress({ done: 0, total: 1 });
    const made = await makeCopy({
      build: build.value, workshop: taking.workshop, files: openedFiles.value, releases, signal: abort.current.signal, onProgress: (done, total) => setProgress({ done, total }),
    });
    setProgress(null);
    if (made.ok) save(`${taking.workshop.id}-offline.zip`, made.value, "application/zip");
    else if (made.error !== "stopped") setProblem(made.error);
  };
  return (
    <div class="form">
      <p>One zip with the page, the compiler, the kernels and this workshop. Unpacked on any web server for static files, it needs no internet; a README in it says how. Bring it on a stick; it can be made without the network too, once this page has loaded what is in it.</p>
      <fieldset class="choice">
        <legend class="label">Kernels in it</legend>
        <label class="check"><input type="radio" name="kernels" checked={!all} onChange={() => setAll(false)} /> <span>those this workshop names <span class="faint mono">{named.join(", ")}</span></span></label>
        <label class="check"><input type="radio" name="kernels" checked={all} onChange={() => setAll(true)} /> <span>all {packs.length}, for those who go on exploring</span></label>
      </fieldset>
      {plan.ok ? <p class="muted num">About {mb(plan.value.reduce((sum, f) => sum + f.bytes, 0))} unpacked, {plan.value.length} files.</p> : <p class="no">{plan.error}</p>}
      <div class="row">
        {progress ? (
          <><progress max={progress.total} value={progress.done} aria-label="Packing" /><span class="num muted">{mb(progress.done)}</span><button type="button" class="button outlined" onClick={() => abort.current?.abort()}>Stop</button></>
        ) : <button type="button" class="button run" disabled={!plan.ok} onClick={() => void make()}><Icon name="box" size={15} /> Make the zip</button>}
      </div>
      {problem && <p class="no" role="alert">The zip could not be made: {problem}.</p>}
    </div>
  );
}
