import type { Diagnostic } from "../../session/ports.ts";
import { goTo, session } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";

/** What clang said, one row each; a click goes to the place. */
export function Problems() {
  const list = session.build.value?.diagnostics ?? [];
  return (
    <section class="problems" aria-label="Compiler messages">
      <ul>{list.map((d, i) => <Problem key={i} d={d} />)}</ul>
    </section>
  );
}

function Problem({ d }: { d: Diagnostic }) {
  const headers = d.nearHeaders ?? [];
  return (
    <li>
      <button type="button" class="problem" onClick={() => goTo({ file: d.file, line: d.line, col: d.col }, true)}>
        <span class={d.severity === "error" ? "no" : d.severity === "warning" ? "warn" : "faint"}><Icon name={d.severity === "error" ? "cross" : "alert"} size={14} /><span class="sr">{d.severity}</span></span>
        <span class="problem-text">{d.message}{headers.length > 0 && <span class="muted"> Near it: {headers.slice(0, 3).join(", ")}</span>}{d.hint && <span class="muted"> {d.hint}</span>}</span>
        {d.flag && <code class="faint problem-flag">{d.flag}</code>}
        <span class="faint num nowrap">{d.file ? `${d.file.split("/").pop()}:${d.line}` : "arguments"}</span>
      </button>
      {d.notes.map((note, i) => (
        <button key={i} type="button" class="problem note" onClick={() => goTo({ file: note.file, line: note.line, col: note.col }, true)}>
          <span class="problem-text muted">{note.message}</span><span class="faint num nowrap">{note.file.split("/").pop()}:{note.line}</span>
        </button>
      ))}
    </li>
  );
}
