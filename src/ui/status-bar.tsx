import { SaveNote } from "./header.tsx";
import { vimKeys } from "./prefs.ts";
import { cursor, embedded, session } from "./state.ts";

/** One quiet line: the compiler, the cursor, the save. */
export function StatusBar() {
  const compile = session.compile.value;
  const { line, col } = cursor.value;
  const text = {
    idle: "clang is idle",
    waiting: "clang waits for a pause",
    compiling: session.download.value ? "fetching clang" : "clang compiles…",
    done: compile.kind === "done" ? `clang took ${Math.round(compile.ms)} ms${compile.errors + compile.warnings > 0 ? `: ${count(compile.errors, "error")}${compile.errors > 0 && compile.warnings > 0 ? ", " : ""}${count(compile.warnings, "warning")}` : ""}` : "",
    broken: "no compiler",
  }[compile.kind];
  const check = session.check.value;
  const verified = check.kind === "checking" && check.progress ? `verifier: ${check.progress.processed.toLocaleString("en")} instructions…` : check.kind === "done" && check.verdict.verify ? `verifier: ${check.verdict.verify.stats.insns.toLocaleString("en")} instructions in ${Math.round(check.verdict.verify.stats.ms)} ms` : "";
  return (
    <footer class="status">
      <span class={`num ${compile.kind === "done" && compile.errors > 0 ? "no" : ""}`}>{text}</span>
      {session.object.value && <span class="num status-wide">{session.object.value.name}, {session.object.value.bytes.length.toLocaleString("en")} bytes</span>}
      {verified !== "" && <span class="num status-wide">{verified}</span>}
      <span class="grow" />
      {!embedded && (
        <>
          <span id="vim-status" class="vim-status" hidden={!vimKeys.value} />
          <button type="button" class="status-button status-wide" aria-pressed={vimKeys.value} title="Vim's keys in the editor" onClick={() => { vimKeys.value = !vimKeys.value; }}>Vim keys</button>
        </>
      )}
      <span class="num status-wide">line {line}, column {col}</span>
      <span class="status-wide">{crossOriginIsolated ? "isolated" : "not isolated"}</span>
      <SaveNote />
    </footer>
  );
}

function count(n: number, what: string): string {
  return n === 0 ? "" : `${n} ${what}${n === 1 ? "" : "s"}`;
}
