import { shareText, type HotLine } from "../../session/hot-lines.ts";
import { hot, WORTH_DRAWING, WORTH_LISTING } from "../hot.ts";
import { heatShown } from "../prefs.ts";
import { goTo, pane, projectFile, selectInsn, session } from "../state.ts";

const SHOWN = 8;

/** What the verifier spent its instructions on, by C line, with a switch for the same beside the editor's lines. */
export function HotLines() {
  const list = hot.value;
  const total = session.verdict.value?.verify?.stats.insns ?? 0;
  if (list.length < 2 || total < WORTH_LISTING) return null;
  const top = list.slice(0, SHOWN);
  return (
    <section>
      <div class="row spread hot-head">
        <h3 class="heading">Most expensive lines <span class="faint num">{list.length > SHOWN ? `${SHOWN} of ${list.length}` : ""}</span></h3>
        {total >= WORTH_DRAWING && <label class="row"><input type="checkbox" checked={heatShown.value} onChange={(e) => { heatShown.value = e.currentTarget.checked; }} /><span>Show in the editor</span></label>}
      </div>
      <table class="table hot-lines">
        <thead><tr><th scope="col">Share</th><th scope="col">Processed</th><th scope="col">Visits</th><th scope="col">Line</th></tr></thead>
        <tbody>{top.map((h) => <Row key={`${h.subprog} ${h.insn}`} h={h} most={top[0]!.share} />)}</tbody>
      </table>
    </section>
  );
}

function Row({ h, most }: { h: HotLine; most: number }) {
  const here = h.source !== null && projectFile(h.source.file) !== null;
  const text = h.source?.text.trim() || `instruction ${h.insn} of ${h.subprog}()`;
  const show = (): void => {
    selectInsn(h.insn, h.source);
    if (here) {
      pane.value = "editor";
      goTo(h.source!);
    }
  };
  return (
    <tr>
      <td class="num"><span class="hot-bar" style={{ width: `${(h.share / most) * 40}px` }} />{shareText(h.share)}</td>
      <td class="num">{h.processed.toLocaleString("en")}</td>
      <td class="num" title={`Instruction ${h.insn} is the line's most visited one`}>{h.visits.toLocaleString("en")}</td>
      <td><button type="button" class="hot-line" onClick={show}>{h.source && <span class="num faint">{h.source.line}</span>}<code class="ellipsis">{text}</code></button></td>
    </tr>
  );
}
