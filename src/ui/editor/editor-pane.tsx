import { effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { session } from "../state.ts";
import { addressFollowed } from "../workshop/door.ts";
import { FileTabs } from "./file-tabs.tsx";
import { Problems } from "./problems.tsx";
import { Split } from "../widgets/split.tsx";
import { problemsShare } from "../prefs.ts";

const arrived = signal(false);
/** Set when Monaco could not be loaded (offline before a first visit was complete): the plain field stays. */
const missing = signal(false);

export function EditorPane() {
  const problems = session.build.value?.diagnostics.length ?? 0;
  return (
    <section class="pane editor-pane" aria-label="Source">
      <FileTabs />
      <Split share={problemsShare} direction="column" label="Size of the problems list" first={<Text />} second={problems > 0 ? <Problems /> : null} />
    </section>
  );
}

/** A plain text field until Monaco has arrived, Monaco from then on. */
function Text() {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let dispose: (() => void) | undefined;
    let gone = false;
    addressFollowed.then(() => import("./editor.ts")).then(({ mountEditor }) => {
      if (gone) return;
      dispose = mountEditor(host.current!);
      arrived.value = true;
    }, (error) => {
      console.error(error);
      missing.value = true;
    });
    return () => {
      gone = true;
      dispose?.();
    };
  }, []);
  return (
    <div class="editor-host">
      {!arrived.value && <PlainText />}
      <div ref={host} class="editor-monaco" data-ready={arrived.value} />
    </div>
  );
}

function PlainText() {
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => effect(() => {
    const { files, activeFile } = session.project.value;
    const text = files[activeFile] ?? "";
    if (area.current && area.current.value !== text) area.current.value = text;
  }), []);
  return (
    <textarea ref={area} class="editor-plain" spellcheck={false} autocapitalize="off" autocomplete="off" aria-label="Source text"
      onInput={(e) => {
        const { files, activeFile } = session.project.value;
        session.update({ files: { ...files, [activeFile]: e.currentTarget.value } });
      }} />
  );
}
