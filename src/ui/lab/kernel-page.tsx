import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { controlOf, emptyValue, headline, optionOf, printDocument, readDocument, switchOption, valueAt, withValue, type Json } from "../../session/lab/form-model.ts";
import { formatHex } from "../../session/packets/hex.ts";
import { PRESETS } from "../../session/packets/presets.ts";
import { emptyProject, LIMITS } from "../../session/project.ts";
import { save } from "../actions.ts";
import { newDocument, session, toast } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";
import { ItemHead, Messages, ObjectFields } from "./field.tsx";
import { BLANK, labDocument, draft, editDocument, inForce, loadLab, openLab, policy, readSample, report, samples, schema, schemaError, setDraft, useDraft, usePlain, type Sample } from "./lab-state.ts";
import { ReleaseSlider } from "./release-slider.tsx";

const mode = signal<"form" | "text">("form");
/** The samples are shown though there is a document. */
const listing = signal(false);
/** The change whose fields are open. */
const open = signal<number | null>(0);

/** The custom kernel: samples to begin with, the form or the text, and what it comes to. */
export function KernelPage() {
  useEffect(() => void loadLab(), []);
  if (draft.value === null || listing.value) return <Beginning />;
  const valid = labDocument.value !== undefined;
  return (
    <div class="scroll pad lab">
      <div class="row wrap lab-bar">
        <div class="segments small" role="radiogroup" aria-label="Edit as">
          {(["form", "text"] as const).map((m) => <label key={m} data-on={mode.value === m}><input type="radio" name="lab-mode" class="sr" checked={mode.value === m} onChange={() => { mode.value = m; }} />{m === "form" ? "Form" : "Text"}</label>)}
        </div>
        <span class="grow" />
        <button type="button" class="button small" onClick={() => { listing.value = true; }}><Icon name="book" size={12} /> Samples</button>
        <button type="button" class="button small" onClick={pickFile}><Icon name="upload" size={12} /> Import</button>
        <button type="button" class="button small" onClick={() => save(`${nameOf(labDocument.value) || "custom"}.lab.json`, draft.value!, "application/json")}><Icon name="download" size={12} /> Export</button>
      </div>
      <About />
      <InForce />
      <ReleaseSlider />
      <Differences />
      {mode.value === "text" || !valid ? <TextEditor broken={!valid} /> : <Form />}
    </div>
  );
}

/** What the document says of itself: what to try with it and what to see. */
function About() {
  const said = (key: string): string => {
    const text = valueAt(labDocument.value ?? {}, [key]);
    return typeof text === "string" ? text : "";
  };
  const programs = session.summary.value?.programs.length ?? 0;
  if (said("title") === "" && said("description") === "") return null;
  return (
    <header>
      {said("title") !== "" && <h2 class="lab-title">{said("title")}</h2>}
      {said("description") !== "" && <p class="muted lab-intro">{said("description")}{inForce.value && <> <button type="button" class="link" onClick={() => openLab("compare")}>{programs > 2 ? `All ${programs} programs` : programs === 2 ? "Both programs" : "The program"} on it and on plain {session.project.value.kernel}, side by side</button></>}</p>}
    </header>
  );
}

const nameOf = (document: Json | undefined): string => {
  const name = valueAt(document ?? {}, ["name"]);
  return typeof name === "string" ? name : "";
};

function InForce() {
  const { problems } = report.value;
  const on = inForce.value;
  const waiting = on && session.project.value.overlay !== draft.value;
  return (
    <div class={`lab-force ${on ? "on" : ""}`}>
      <span class="grow">{on ? <><strong>{session.project.value.kernel}+{nameOf(labDocument.value) || "…"}</strong> judges the program.{problems.length > 0 && <span class="no"> {problems.length === 1 ? "One thing is" : `${problems.length} things are`} wrong in it.</span>}{waiting && problems.length === 0 && <span class="faint"> …</span>}</> : <>The program is judged by Linux {session.project.value.kernel} as it is.</>}</span>
      {on ? <button type="button" class="button small outlined" onClick={usePlain}>Back to plain {session.project.value.kernel}</button>
        : <button type="button" class="button small run" disabled={problems.length > 0} onClick={useDraft}>Use this kernel</button>}
    </div>
  );
}

function Form() {
  if (schemaError.value) return <p class="no">The form could not be loaded: {schemaError.value}. <button type="button" class="link" onClick={() => void loadLab()}>Try again</button></p>;
  if (!schema.value) return <div class="skeleton" aria-hidden="true"><i style={{ width: "60%" }} /><i style={{ width: "90%" }} /></div>;
  const root = controlOf(schema.value);
  if (root.kind !== "object") return null;
  const changes = root.fields.find((f) => f.name === "changes");
  return (
    <div class="lab-form">
      {changes && <Changes schema={changes.schema} />}
      <fieldset class="lab-group"><legend class="label">the kernel</legend><ObjectFields control={root} path={[]} skip={["changes", "schema"]} /></fieldset>
    </div>
  );
}

function Changes({ schema: list }: { schema: Readonly<Record<string, unknown>> }) {
  const control = controlOf(list);
  const item = control.kind === "list" ? controlOf(control.item) : null;
  if (item?.kind !== "variants") return null;
  const value = valueAt(labDocument.value ?? {}, ["changes"]);
  const entries = Array.isArray(value) ? (value as readonly Json[]) : [];
  const add = (word: string): void => {
    const option = item.options.find((o) => o.word === word);
    if (!option) return;
    editDocument(withValue(labDocument.peek() ?? {}, ["changes", entries.length], emptyValue(option.schema)));
    open.value = entries.length;
  };
  return (
    <section aria-label="Changes">
      <h3 class="heading">Changes</h3>
      {entries.length === 0 && <p class="muted">None yet: this kernel is the release as it is.</p>}
      <ol class="lab-list">
        {entries.map((entry, i) => {
          const option = optionOf(item, entry);
          const fields = option ? controlOf(option.schema) : null;
          const title = headline(entry);
          const isOpen = open.value === i;
          const bad = report.value.problems.some((p) => p.path === `changes[${i}]` || p.path.startsWith(`changes[${i}].`));
          const note = report.value.notes.some((p) => p.path === `changes[${i}]` || p.path.startsWith(`changes[${i}].`));
          return (
            <li key={i} class="lab-item" data-bad={bad}>
              <ItemHead title={`${option?.title ?? "change"} ${title}`} path={["changes"]} index={i} count={entries.length}>
                <button type="button" class="lab-toggle" aria-expanded={isOpen} onClick={() => { open.value = isOpen ? null : i; }}><Icon name={isOpen ? "down" : "right"} size={11} /><span class="ellipsis"><strong>{option?.title ?? "?"}</strong> <code>{title}</code></span>{bad && <span class="tag no">check</span>}{!bad && note && <span class="tag warn">in vain here</span>}</button>
              </ItemHead>
              {isOpen ? (
                <div class="lab-item-body">
                  <select class="field small" aria-label="Kind of change" value={option?.word ?? ""} onChange={(e) => editDocument(withValue(labDocument.peek() ?? {}, ["changes", i], switchOption(item, entry, e.currentTarget.value)))}>
                    {!option && <option value="">…</option>}{item.options.map((o) => <option key={o.word} value={o.word}>{o.title}</option>)}
                  </select>
                  {option && <p class="faint lab-about">{option.about}</p>}
                  {fields?.kind === "object" ? <ObjectFields control={fields} path={["changes", i]} skip={[item.tag]} /> : <Messages path={["changes", i]} />}
                </div>
              ) : null}
            </li>
          );
        })}
      </ol>
      <Messages path={["changes"]} shownBelow={entries.map((_, i) => `[${i}]`)} />
      <select class="field small lab-new" aria-label="Add a change" value="" onChange={(e) => { add(e.currentTarget.value); e.currentTarget.value = ""; }}>
        <option value="">Add a change…</option>{item.options.map((o) => <option key={o.word} value={o.word}>{o.title}</option>)}
      </select>
    </section>
  );
}

function TextEditor({ broken }: { broken: boolean }) {
  const { problems, notes } = report.value;
  return (
    <div>
      {broken && mode.value === "form" && <p class="no">The text is not JSON, so there is no form of it. Mend it here.</p>}
      <textarea class="field mono lab-text" rows={Math.min(40, Math.max(12, (draft.value ?? "").split("\n").length + 1))} spellcheck={false} aria-label="Custom kernel as text (JSON)" aria-invalid={problems.length > 0} maxLength={LIMITS.overlayBytes} value={draft.value ?? ""} onInput={(e) => setDraft(e.currentTarget.value)} />
      {problems.map((p, i) => <p key={i} class="no lab-message">{p.path && <code>{p.path}</code>} {p.message}</p>)}
      {notes.map((p, i) => <p key={i} class="warn lab-message">{p.path && <code>{p.path}</code>} {p.message}</p>)}
      <p class="faint">What can be said: <a href="./kernels/overlay.schema.json" target="_blank" rel="noopener">schema</a></p>
    </div>
  );
}

/** What the custom kernel comes to, in sentences. */
function Differences() {
  const p = policy.value;
  if (!p || p.changes.length === 0) return null;
  return (
    <section class="lab-differences"><h3 class="heading">What is different on {session.project.value.kernel}+{p.name}</h3>
      <ul>{p.changes.map((c, i) => <li key={i}><span class={`tag ${c.what === "removed" ? "no" : c.what === "deprecated" || c.what === "behaves" ? "warn" : ""}`}>{c.what}</span> {c.text}{c.removal && <span class="warn num"> · {daysText(c.removal.daysLeft)} ({c.removal.release}, {c.removal.date}{c.removal.how === "projected" ? ", projected" : ""})</span>}</li>)}</ul>
    </section>
  );
}

export function daysText(days: number): string {
  return days < 0 ? `${-days} days ago` : days === 1 ? "1 day left" : `${days} days left`;
}

function Beginning() {
  return (
    <div class="scroll pad lab">
      <h2 class="lab-title">A kernel that does not exist</h2>
      <p class="muted lab-intro">Take Linux {session.project.value.kernel} and change what it offers to BPF: deprecate a kfunc with a date, remove, rename or change one, give it another meaning, add versions, a distribution's backports, or a subsystem of your own. Your program is then judged and run by that kernel, beside the real one.</p>
      <div class="row wrap"><button type="button" class="button run" onClick={() => { replace(BLANK); mode.value = "form"; }}><Icon name="plus" size={13} /> Empty one</button><button type="button" class="button outlined" onClick={pickFile}><Icon name="upload" size={13} /> Import a file</button>{draft.value !== null && <button type="button" class="button outlined" onClick={() => { listing.value = false; }}><Icon name="left" size={13} /> Back to {nameOf(labDocument.value) || "mine"}</button>}</div>
      {samples.value.length > 0 && <h3 class="heading lab-heading">Or start from one of these, with a program that meets it</h3>}
      {groupsOf(samples.value).map(([group, list]) => <section key={group}>{group !== "" && <h4 class="label lab-sample-group">{group}</h4>}
      <ul class="lab-samples">{list.map((s) => <li key={s.file}><button type="button" class="example" onClick={() => void (s.program ? tryOut(s) : take(s.file))}><span class="example-title">{s.title}{s.base && <span class="tag">{s.base}</span>}</span><span class="example-about">{s.about}</span></button>{s.program && <button type="button" class="link lab-only" onClick={() => void take(s.file)}>Only the kernel</button>}</li>)}</ul></section>)}
    </div>
  );
}

function groupsOf(list: readonly Sample[]): [group: string, samples: readonly Sample[]][] {
  const groups = new Map<string, Sample[]>();
  for (const s of list) groups.set(s.group, [...(groups.get(s.group) ?? []), s]);
  return [...groups];
}

async function take(file: string): Promise<void> {
  try {
    replace(await readSample(file));
  } catch (error) {
    toast(`The sample could not be loaded: ${error instanceof Error ? error.message : String(error)}.`, "bad");
  }
}

/** A sample with its program, as a project of its own. */
async function tryOut(sample: Sample): Promise<void> {
  if (!sample.program) return;
  try {
    const overlay = await readSample(sample.file);
    const { files, args, dataIn, ctxIn } = sample.program;
    const blank = emptyProject(sample.base ?? session.project.value.kernel);
    const takesPacket = /SEC\("(?:tc|xdp|vnic|hid)/.test(Object.values(files)[0] ?? "");
    const packet = PRESETS[0]!;
    newDocument({
      ...blank, files, activeFile: Object.keys(files)[0]!, overlay, flags: { ...blank.flags, extra: args },
      input: { ...blank.input, ctxIn, ...(dataIn !== "" ? { dataIn } : takesPacket ? { preset: packet.id, dataIn: formatHex(packet.bytes) } : {}) },
    });
    open.value = 0;
    listing.value = false;
    toast("Opened as a new project; the one before is under Recent.");
  } catch (error) {
    toast(`The sample could not be loaded: ${error instanceof Error ? error.message : String(error)}.`, "bad");
  }
}

/** Another document in this one's place; the old one can be had back. */
function replace(text: string): void {
  const before = draft.value;
  listing.value = false;
  setDraft(text);
  open.value = 0;
  const base = valueAt(readDocument(text) ?? {}, ["base"]);
  if (inForce.value || before === null) session.update({ overlay: text, ...(typeof base === "string" && session.kernels.value?.ok && session.kernels.value.value.some((k) => k.kernel === base) ? { kernel: base } : {}) });
  if (before !== null && before !== text && before !== BLANK) toast("Another custom kernel is open.", "info", { label: "Undo", run: () => { setDraft(before); if (inForce.value) session.update({ overlay: before }); } });
}

function pickFile(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".json";
  input.onchange = () => {
    const file = input.files?.[0];
    if (!file) return;
    if (file.size > LIMITS.overlayBytes) toast(`${file.name} has ${Math.round(file.size / 1024)} kB; more than ${LIMITS.overlayBytes / 1024} kB are not taken.`, "bad");
    else void file.text().then((text) => replace(readDocument(text) === undefined ? text : printDocument(readDocument(text)!)));
  };
  input.click();
}
