import { useEffect, useRef, useState } from "preact/hooks";
import type { Taking } from "../../session/taking.ts";
import { session, toast } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";
import { Modal } from "../widgets/modal.tsx";
import { surface } from "./surface.ts";

/** The text as it stands against the step's solution, file by file. */
export function Solution({ taking }: { taking: Taking }) {
  const step = taking.step.value;
  const { files } = session.project.value;
  const names = [...new Set([...Object.keys(step.solution), ...Object.keys(files).filter((name) => name in step.starter)])].sort();
  const changed = (name: string): boolean => (files[name] ?? "") !== (step.solution[name] ?? step.starter[name] ?? "");
  const [name, setName] = useState(names.find(changed) ?? names[0] ?? "");
  const close = (): void => {
    surface.value = null;
  };
  const take = (): void => {
    const undo = taking.takeSolution();
    close();
    toast("The solution is in the editor.", "info", { label: "Undo", run: undo });
  };
  return (
    <Modal title="Your text and the solution" size="fill" onClose={close} actions={<button type="button" class="button outlined" onClick={take} disabled={!names.some(changed)}>Use the solution</button>}>
      <div class="solution">
        <div class="solution-files">
          {names.map((n) => <button key={n} type="button" class="button small" aria-pressed={n === name} onClick={() => setName(n)}><code>{n}</code>{changed(n) ? <span class="warn">differs</span> : <span class="ok"><Icon name="check" size={12} /></span>}</button>)}
          <span class="grow" />
          <span class="faint wide-only">left: yours; right: the solution</span>
        </div>
        <Diff key={name} mine={files[name] ?? ""} theirs={step.solution[name] ?? step.starter[name] ?? ""} />
      </div>
    </Modal>
  );
}

function Diff({ mine, theirs }: { mine: string; theirs: string }) {
  const host = useRef<HTMLDivElement>(null);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    let dispose: (() => void) | undefined;
    let gone = false;
    import("./diff-editor.ts").then(({ mountDiff }) => {
      if (!gone) dispose = mountDiff(host.current!, mine, theirs);
    }, () => setMissing(true));
    return () => {
      gone = true;
      dispose?.();
    };
  }, [mine, theirs]);
  return missing ? <pre class="solution-plain">{theirs}</pre> : <div ref={host} class="solution-diff" />;
}
