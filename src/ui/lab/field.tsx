import { useId, useRef, useState } from "preact/hooks";
import { controlOf, emptyValue, headline, moved, optionOf, pathText, problemsAt, switchOption, valueAt, withValue, type Control, type Json, type NameKind, type Path, type Problem, type Schema } from "../../session/lab/form-model.ts";
import { session } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";
import { askLab, labDocument, editDocument, inForce, draft, report } from "./lab-state.ts";

const set = (path: Path, value: Json | undefined): void => editDocument(withValue(labDocument.peek() ?? {}, path, value));

/** Any value by its schema. Everything below is drawn from the description: a new operation needs no code here. */
export function SchemaField({ schema, path, label, about }: { schema: Schema; path: Path; label: string; about: string }) {
  const control = controlOf(schema);
  const value = valueAt(labDocument.value ?? {}, path);
  switch (control.kind) {
    case "fixed": return null;
    case "object": return <fieldset class="lab-group"><legend class="label">{words(label)}</legend><p class="faint lab-about">{about}</p><ObjectFields control={control} path={path} /></fieldset>;
    case "list": return <ListField control={control} path={path} label={label} about={about} />;
    case "variants": return <VariantField control={control} path={path} label={label} />;
    default: return <PlainField control={control} path={path} label={label} about={about} value={value} />;
  }
}

/** The fields of an object: those required and those there; the others wait behind a button each. */
export function ObjectFields({ control, path, skip = [] }: { control: Extract<Control, { kind: "object" }>; path: Path; skip?: readonly string[] }) {
  const value = valueAt(labDocument.value ?? {}, path);
  const there = (name: string): boolean => typeof value === "object" && value !== null && name in value;
  const fields = control.fields.filter((f) => !skip.includes(f.name) && controlOf(f.schema).kind !== "fixed");
  const absent = fields.filter((f) => !f.required && !there(f.name));
  const unknown = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value).filter((k) => !control.fields.some((f) => f.name === k)) : [];
  return (
    <div class="lab-fields">
      {fields.filter((f) => f.required || there(f.name)).map((f) => (
        <div key={f.name} class={`lab-field ${f.required ? "" : "optional"}`}>
          <SchemaField schema={f.schema} path={[...path, f.name]} label={f.name} about={f.about} />
          {!f.required && <button type="button" class="button small icon lab-clear" aria-label={`Leave out ${words(f.name)}`} title="Leave out" onClick={() => set([...path, f.name], undefined)}><Icon name="cross" size={11} /></button>}
        </div>
      ))}
      {unknown.map((name) => <p key={name} class="no lab-message">{name}: unknown field <button type="button" class="link" onClick={() => set([...path, name], undefined)}>take it away</button></p>)}
      <Messages path={path} shownBelow={[...fields.filter((f) => f.required || there(f.name)).map((f) => f.name), ...skip, ...unknown]} />
      {absent.length > 0 && (
        <div class="lab-more">{absent.map((f) => <button key={f.name} type="button" class="button small lab-add" title={f.about} onClick={() => set([...path, f.name], emptyValue(f.schema))}><Icon name="plus" size={11} /> {words(f.name)}</button>)}</div>
      )}
    </div>
  );
}

function ListField({ control, path, label, about }: { control: Extract<Control, { kind: "list" }>; path: Path; label: string; about: string }) {
  const value = valueAt(labDocument.value ?? {}, path);
  const list = Array.isArray(value) ? (value as readonly Json[]) : [];
  const item = controlOf(control.item);
  if (item.kind === "text") return <WordsField control={item} list={list} path={path} label={label} about={about} />;
  return (
    <fieldset class="lab-group"><legend class="label">{words(label)}</legend><p class="faint lab-about">{about}</p>
      <ol class="lab-list">
        {list.map((entry, i) => (
          <li key={i} class="lab-item"><ItemHead title={headline(entry) || `${i + 1}`} path={path} index={i} count={list.length} />
            {item.kind === "object" ? <ObjectFields control={item} path={[...path, i]} /> : <SchemaField schema={control.item} path={[...path, i]} label={`${i + 1}`} about="" />}</li>
        ))}
      </ol>
      <Messages path={path} shownBelow={list.map((_, i) => `[${i}]`)} />
      {list.length < control.max && <button type="button" class="button small outlined" onClick={() => set([...path, list.length], emptyValue(control.item))}><Icon name="plus" size={11} /> Add</button>}
    </fieldset>
  );
}

/** Title of an entry, with buttons that move and remove it. */
export function ItemHead({ title, path, index, count, children }: { title: string; path: Path; index: number; count: number; children?: preact.ComponentChildren }) {
  const move = (by: number): void => editDocument(moved(labDocument.peek() ?? {}, path, index, by));
  return (
    <div class="lab-item-head">{children ?? <strong class="ellipsis">{title}</strong>}<span class="grow" />
      <button type="button" class="button small icon" aria-label={`Move ${title} up`} title="Up" disabled={index === 0} onClick={() => move(-1)}><span class="lab-up"><Icon name="down" size={11} /></span></button>
      <button type="button" class="button small icon" aria-label={`Move ${title} down`} title="Down" disabled={index === count - 1} onClick={() => move(1)}><Icon name="down" size={11} /></button>
      <button type="button" class="button small icon" aria-label={`Remove ${title}`} title="Remove" onClick={() => set([...path, index], undefined)}><Icon name="trash" size={12} /></button>
    </div>
  );
}

function VariantField({ control, path, label }: { control: Extract<Control, { kind: "variants" }>; path: Path; label: string }) {
  const value = valueAt(labDocument.value ?? {}, path);
  const option = optionOf(control, value);
  const fields = option ? controlOf(option.schema) : null;
  return (
    <fieldset class="lab-group"><legend class="label">{words(label)}</legend>
      <select class="field small" aria-label={words(label)} value={option?.word ?? ""} onChange={(e) => set(path, switchOption(control, value, e.currentTarget.value))}>
        {!option && <option value="">…</option>}{control.options.map((o) => <option key={o.word} value={o.word}>{o.title}</option>)}
      </select>
      {option && <p class="faint lab-about">{option.about}</p>}
      {fields?.kind === "object" && <ObjectFields control={fields} path={path} skip={[control.tag]} />}
    </fieldset>
  );
}

function Messages({ path, shownBelow }: { path: Path; shownBelow?: readonly string[] }) {
  const { problems, notes } = report.value;
  return (
    <>
      {problemsAt(problems, path, shownBelow).map((p, i) => <p key={`p${i}`} class="no lab-message">{p.path === pathText(path) ? "" : `${p.path}: `}{p.message}</p>)}
      {problemsAt(notes, path, shownBelow).map((p, i) => <p key={`n${i}`} class="warn lab-message">{p.message}</p>)}
    </>
  );
}
export { Messages };

type Plain = Exclude<Control, { kind: "fixed" | "object" | "list" | "variants" }>;

function PlainField({ control, path, label, about, value }: { control: Plain; path: Path; label: string; about: string; value: Json | undefined }) {
  const id = useId();
  const bad = problemsAt(report.value.problems, path);
  const common = { id, "aria-invalid": bad.length > 0, "aria-describedby": `${id}-about` };
  return (
    <div class="lab-plain">
      <label class="label" for={id}>{words(label)}</label>
      {control.kind === "text" && <TextInput control={control} path={path} value={value} bad={bad} common={common} />}
      {control.kind === "integer" && <input {...common} class={`field ${bad.length > 0 ? "bad" : ""}`} type="number" min={control.min} max={control.max} value={typeof value === "number" ? value : ""} onInput={(e) => set(path, e.currentTarget.value === "" ? null : Number(e.currentTarget.value))} />}
      {control.kind === "choice" && <select {...common} class="field" value={typeof value === "string" ? value : ""} onChange={(e) => set(path, e.currentTarget.value)}>{typeof value !== "string" && <option value="">…</option>}{control.words.map((w) => <option key={w}>{w}</option>)}</select>}
      {control.kind === "flag" && <label class="check"><input {...common} type="checkbox" checked={value === true} onChange={(e) => set(path, e.currentTarget.checked)} /><span>{value === true ? "yes" : "no"}</span></label>}
      <span id={`${id}-about`} class="faint lab-about">{about}</span>
      <Messages path={path} />
    </div>
  );
}

interface Common { id: string; "aria-invalid": boolean; "aria-describedby": string }

function TextInput({ control, path, value, bad, common }: { control: Extract<Control, { kind: "text" }>; path: Path; value: Json | undefined; bad: readonly Problem[]; common: Common }) {
  const text = typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
  const cls = `field mono ${bad.length > 0 ? "bad" : ""}`;
  if (control.editor) {
    return <textarea {...common} class={control.editor === "sentence" ? cls.replace("mono ", "") : cls} rows={control.editor === "c" ? Math.min(16, Math.max(4, text.split("\n").length + 1)) : 2} spellcheck={control.editor === "sentence"} maxLength={control.max} value={text} onInput={(e) => set(path, e.currentTarget.value)} />;
  }
  return <NameInput common={common} names={control.names} class={cls} value={text} max={control.max} onText={(t) => set(path, t)} />;
}

/** A text with names offered as one types: kfuncs of the chosen kernel, releases, structs … */
function NameInput({ names, value, onText, max, common, class: cls, onEnter, placeholder }: { names: NameKind | null; value: string; onText: (text: string) => void; max: number; common: Partial<Common> & { "aria-label"?: string }; class: string; onEnter?: () => void; placeholder?: string }) {
  const listId = useId();
  const [offers, setOffers] = useState<readonly string[]>([]);
  const asked = useRef(0);
  const ask = async (part: string): Promise<void> => {
    if (!names) return;
    const own = ++asked.current;
    const answer = await askLab((api) => api.labNames(session.project.value.kernel, inForce.value ? draft.value : null, names, part));
    if (own === asked.current && answer !== "gone" && answer.ok) setOffers(answer.value);
  };
  return (
    <>
      <input {...common} class={cls} type="text" maxLength={max} value={value} placeholder={placeholder} autocomplete="off" autocapitalize="off" spellcheck={false} list={names ? listId : undefined}
        onFocus={() => void ask(value)} onInput={(e) => { onText(e.currentTarget.value); void ask(e.currentTarget.value); }}
        onKeyDown={(e) => { if (e.key === "Enter" && onEnter) { e.preventDefault(); onEnter(); } }} />
      {names && <datalist id={listId}>{offers.map((o) => <option key={o} value={o} />)}</datalist>}
    </>
  );
}

/** A list of words: each a chip, and a field that adds one. */
function WordsField({ control, list, path, label, about }: { control: Extract<Control, { kind: "text" }>; list: readonly Json[]; path: Path; label: string; about: string }) {
  const [next, setNext] = useState("");
  const id = useId();
  const add = (): void => {
    const more = next.split(/[\s,]+/).filter((w) => w !== "" && !list.includes(w));
    if (more.length > 0) set(path, [...list, ...more]);
    setNext("");
  };
  return (
    <div class="lab-plain"><label class="label" for={id}>{words(label)}</label>
      <div class="lab-words">
        {list.map((w, i) => <span key={i} class="tag lab-word">{String(w)}<button type="button" class="lab-word-x" aria-label={`Remove ${String(w)}`} onClick={() => set([...path, i], undefined)}><Icon name="cross" size={9} /></button></span>)}
        <NameInput common={{ id }} names={control.names} class="field mono lab-word-input" value={next} max={control.max} placeholder="add…" onText={setNext} onEnter={add} />
        <button type="button" class="button small outlined" disabled={next.trim() === ""} onClick={add}>Add</button>
      </div>
      <span class="faint lab-about">{about}</span><Messages path={path} shownBelow={[]} />
    </div>
  );
}

/** removedIn → removed in */
export function words(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}
