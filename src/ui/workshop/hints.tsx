import type { Taking } from "../../session/taking.ts";
import { Icon } from "../widgets/icon.tsx";
import { renderMarkdown } from "./markdown.ts";

/** Hints come one at a time, each when it is asked for. */
export function Hints({ taking }: { taking: Taking }) {
  const { hints } = taking.step.value;
  const seen = Math.min(taking.own.value.hintsSeen, hints.length);
  if (hints.length === 0) return null;
  return (
    <section class="hints" aria-label="Hints">
      {hints.slice(0, seen).map((hint, i) => (
        <div key={i} class="hint"><Icon name="bulb" size={15} /><div class="prose small" dangerouslySetInnerHTML={{ __html: renderMarkdown(hint) }} /></div>
      ))}
      {seen < hints.length && <button type="button" class="button outlined small" onClick={() => taking.revealHint()}><Icon name="bulb" size={13} /> {seen === 0 ? "A hint" : "Another hint"} <span class="faint num">{seen + 1} of {hints.length}</span></button>}
    </section>
  );
}
