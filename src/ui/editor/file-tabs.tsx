import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { fileNameProblem } from "../../session/project.ts";
import { session, toast } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";
import { FlagsButton } from "./flags.tsx";

/** The file whose name is being typed; "" for a new one, null for none. */
const naming = signal<string | null>(null);

export function FileTabs() {
  const { files, activeFile } = session.project.value;
  const names = Object.keys(files);
  const key = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step && event.target instanceof HTMLElement && event.target.role === "tab") {
      const next = names[(names.indexOf(activeFile) + step + names.length) % names.length]!;
      session.update({ activeFile: next });
      requestAnimationFrame(() => document.getElementById(`file-${next}`)?.focus());
      event.preventDefault();
    } else if (event.key === "F2" && naming.value === null) naming.value = activeFile;
    else if (event.key === "Delete" && event.target instanceof HTMLElement && event.target.role === "tab") removeFile(activeFile);
  };
  return (
    <div class="file-bar">
      <div class="file-tabs" onKeyDown={key}>
        {/* A list of tabs may hold nothing but tabs: the field and the buttons among them stand beside it in the document and between them on the screen. */}
        <div class="file-list" role="tablist" aria-label="Files">
          {names.map((name, i) => naming.value !== name && (
            <span key={name} class="file-tab" role="presentation" data-active={name === activeFile} style={{ order: 2 * i }}>
              <button id={`file-${name}`} type="button" role="tab" aria-selected={name === activeFile} tabIndex={name === activeFile ? 0 : -1}
                title={`${name} (double click or F2 renames)`} onClick={() => session.update({ activeFile: name })} onDblClick={() => { naming.value = name; }}>{name}</button>
            </span>
          ))}
        </div>
        {naming.value !== null && naming.value !== "" && <NameField key={naming.value} old={naming.value} order={2 * names.indexOf(naming.value)} />}
        {names.length > 1 && naming.value !== activeFile && (
          <button type="button" class="file-close" style={{ order: 2 * names.indexOf(activeFile) + 1 }} aria-label={`Delete ${activeFile}`} title={`Delete ${activeFile}`} onClick={() => removeFile(activeFile)}><Icon name="cross" size={11} /></button>
        )}
        {naming.value === "" ? <NameField old="" order={2 * names.length} /> : (
          <button type="button" class="button small icon" style={{ order: 2 * names.length }} aria-label="New file" title="New file" onClick={() => { naming.value = ""; }}><Icon name="plus" size={13} /></button>
        )}
      </div>
      <FlagsButton />
    </div>
  );
}

function NameField({ old, order }: { old: string; order: number }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    input.current?.setSelectionRange(0, old.indexOf(".") > 0 ? old.indexOf(".") : old.length);
  }, []);
  const finish = (accept: boolean): void => {
    const name = input.current?.value.trim() ?? "";
    if (naming.value === null) return;
    naming.value = null;
    if (!accept || name === old || name === "") return;
    const { files } = session.project.value;
    const problem = fileNameProblem(name, Object.keys(files));
    if (problem) {
      toast(`${name || "File"}: ${problem}.`, "bad");
      return;
    }
    if (old === "") session.update({ files: { ...files, [name]: "" }, activeFile: name });
    else session.update({ files: Object.fromEntries(Object.entries(files).map(([n, text]) => [n === old ? name : n, text])), activeFile: name });
  };
  return (
    <input ref={input} class="field file-name" style={{ order }} defaultValue={old} placeholder="util.bpf.h" aria-label={old ? `New name of ${old}` : "Name of the new file"} size={14}
      onBlur={() => finish(true)} onKeyDown={(e) => {
        if (e.key === "Enter") finish(true);
        else if (e.key === "Escape") finish(false);
        e.stopPropagation();
      }} />
  );
}

function removeFile(name: string): void {
  const { files, activeFile } = session.project.value;
  const names = Object.keys(files);
  if (names.length < 2) return;
  const text = files[name]!;
  const rest = Object.fromEntries(Object.entries(files).filter(([n]) => n !== name));
  session.update({ files: rest, activeFile: activeFile === name ? (names[names.indexOf(name) - 1] ?? Object.keys(rest)[0]!) : activeFile });
  toast(`${name} deleted.`, "info", {
    label: "Undo",
    run: () => session.update({ files: { ...session.project.value.files, [name]: text }, activeFile: name }),
  });
}
