import { connectLab } from "./lab/lab-state.ts";
import { render } from "preact";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/panels.css";
import "./styles/explain.css";
import "./styles/workshop.css";
import "./styles/lab.css";
import { decodeLink, isLink } from "../session/link.ts";
import { App } from "./app.tsx";
import { documents, connect, embedded, newDocument, openDocument, session, toast } from "./state.ts";
import { openApi } from "./panels/api-explorer.tsx";
import { registerServiceWorker } from "./register-sw.ts";
import { followWorkshopAddress, setAddressFollowed } from "./workshop/door.ts";

/** What the address asks for: a project in a link, or an API's card. A link becomes a document of its own; a bad one says why and changes nothing. */
async function followAddress(first = false): Promise<void> {
  // A workshop's text is asked for before clang is: it is there to be read meanwhile.
  if (!embedded && (await followWorkshopAddress(first))) return;
  const fragment = location.hash.slice(1);
  if (isLink(fragment)) {
    const project = await decodeLink(fragment);
    if (!project.ok) {
      toast(`${project.error} Your own work is as it was.`, "bad");
      return;
    }
    const known = embedded ? null : documents.findSame(project.value);
    if (known) openDocument(known, project.value);
    else newDocument(project.value);
    forgetLinkOnChange();
  } else if (fragment.startsWith("api/")) {
    const name = decodeURIComponent(fragment.slice(4));
    if (/^\w{1,128}$/.test(name)) openApi(name);
  }
}

/** Once the project is no longer what the address says, the address says nothing: a reload then opens the work, not the link again. */
function forgetLinkOnChange(): void {
  const opened = session.project.value;
  const stop = session.project.subscribe((project) => {
    if (project === opened || JSON.stringify(project) === JSON.stringify(opened)) return;
    if (isLink(location.hash)) history.replaceState(null, "", location.pathname + location.search);
    queueMicrotask(() => stop());
  });
}

/** Not awaited at the top: what is loaded on the way may import from this file's chunk, which then has to be done. */
async function start(): Promise<void> {
  render(<App />, document.getElementById("app")!);
  connect();
  connectLab();
  await followAddress(true);
  setAddressFollowed();
  addEventListener("hashchange", () => void followAddress());
  session.start();
  registerServiceWorker();
}

void start();
