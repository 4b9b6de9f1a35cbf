import type { ApiEntry } from "../../session/api-data.ts";
import { apiData, apiEntry, loadApiData } from "../api-data.ts";
import { askLab } from "../lab/lab-state.ts";
import { session } from "../state.ts";
import { apiCommandLink } from "./api-links.ts";
import { monaco } from "./monaco.ts";

/** What the chosen kernel makes of a helper or kfunc, in Markdown without HTML. */
function describe(entry: ApiEntry): monaco.IMarkdownString[] {
  const { kernel } = session.project.value;
  const at = entry.kernels.find((k) => k.kernel === kernel);
  const shown = at?.present ? at : [...entry.kernels].reverse().find((k) => k.present);
  const type = session.program.value?.type ?? null;
  const out: monaco.IMarkdownString[] = [];
  if (shown?.signature) out.push({ value: "```c\n" + shown.signature + "\n```" });
  const life = entry.until ? `from ${entry.since} to ${entry.until}` : `since ${entry.since}`;
  out.push({ value: `${entry.kind === "helper" ? `helper #${entry.id}` : `kfunc${shown?.module ? ` of module ${shown.module}` : ""}`}, ${life}${shown && shown.flags.length > 0 ? `, ${shown.flags.map((f) => `\`${f}\``).join(" ")}` : ""}` });
  if (at && !at.known) out.push({ value: `Whether Linux ${kernel} has it is not known: its pack has no modules.` });
  else if (!at?.present) out.push({ value: `**Linux ${kernel} does not have it.**${entry.replacement ? ` Use \`${entry.replacement}\`.` : ""}` });
  else if (type && at.programTypes.length > 0) out.push({ value: at.programTypes.includes(type) ? `Allowed in ${type} programs on Linux ${kernel}.` : `**Not allowed in ${type} programs** on Linux ${kernel}.` });
  // Only this command may be run from the hover, whatever a name contained.
  out.push({ value: `[Its life over all kernels](${apiCommandLink(entry.name)})`, isTrusted: { enabledCommands: ["bpf.openApi"] } });
  return out;
}

/** Hover and completion for helpers and kfuncs. The table is fetched when it is first needed. */
export function connectHover(): () => void {
  const hover = monaco.languages.registerHoverProvider("c", {
    async provideHover(model, position) {
      const word = model.getWordAtPosition(position);
      if (!word || !/^(?:bpf_|scx_|hid_|cubictcp_|bbr_|dctcp_|tcp_|crash_|css_|cgroup_|obj_)/.test(word.word)) return null;
      await loadApiData();
      const entry = apiEntry(word.word);
      if (!entry) return null;
      const { kernel, overlay } = session.project.value;
      const record = await askLab((api) => api.stability(entry.name, kernel, overlay));
      const contents = describe(entry);
      // In front of the link: one sentence of the stability record.
      if (record !== "gone" && record.ok && record.value.summary[0]) contents.splice(contents.length - 1, 0, { value: record.value.summary[0] });
      return { contents, range: new monaco.Range(position.lineNumber, word.startColumn, position.lineNumber, word.endColumn) };
    },
  });
  const completion = monaco.languages.registerCompletionItemProvider("c", {
    async provideCompletionItems(model, position) {
      const word = model.getWordUntilPosition(position);
      if (!/^(?:bpf_|scx_)/.test(word.word)) return { suggestions: [] };
      await loadApiData();
      const { kernel } = session.project.value;
      const range = new monaco.Range(position.lineNumber, word.startColumn, position.lineNumber, word.endColumn);
      const suggestions: monaco.languages.CompletionItem[] = [];
      for (const entry of apiData.value?.entries ?? []) {
        const at = entry.kernels.find((k) => k.kernel === kernel);
        if (!at?.present) continue;
        suggestions.push({ label: { label: entry.name, description: entry.kind }, kind: monaco.languages.CompletionItemKind.Function, insertText: entry.name, range, detail: at.signature ?? "" });
      }
      return { suggestions };
    },
  });
  return () => {
    hover.dispose();
    completion.dispose();
  };
}
