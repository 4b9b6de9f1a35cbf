import { CallsPage } from "./calls-page.tsx";
import { ComparePage } from "./compare-page.tsx";
import { KernelPage } from "./kernel-page.tsx";
import { labPage, type LabPage } from "./lab-state.ts";
import { ShimPage } from "./shim-page.tsx";

const PAGES: readonly { id: LabPage; title: string; View: () => preact.JSX.Element }[] = [
  { id: "kernel", title: "Custom kernel", View: KernelPage },
  { id: "compare", title: "Side by side", View: ComparePage },
  { id: "shim", title: "Header shim", View: ShimPage },
  { id: "calls", title: "Declaring a call", View: CallsPage },
];

/** The lab: a kernel of one's own, and what can be tried with it. */
export function LabPanel() {
  const page = PAGES.find((p) => p.id === labPage.value) ?? PAGES[0]!;
  return (
    <div class="panel-column">
      <nav class="lab-pages" aria-label="Lab">{PAGES.map((p) => <button key={p.id} type="button" aria-current={p.id === page.id ? "page" : undefined} onClick={() => { labPage.value = p.id; }}>{p.title}</button>)}</nav>
      <div class="lab-page"><page.View /></div>
    </div>
  );
}
