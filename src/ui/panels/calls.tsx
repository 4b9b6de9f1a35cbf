import { useEffect } from "preact/hooks";
import type { ApiAt, ApiEntry } from "../../session/api-data.ts";
import type { DisasmLine } from "../../workers/kernel-api.ts";
import { apiData, apiEntry, loadApiData } from "../api-data.ts";
import { selectInsn, session, sourceOfInsn } from "../state.ts";
import { openApi } from "./api-explorer.tsx";

interface Call { name: string; kind: "helper" | "kfunc"; sites: readonly DisasmLine[]; unresolved: boolean }

/** Every helper and kfunc that the program calls: does this kernel have it, under which number, with which prototype, for this program type? */
export function CallsPanel() {
  useEffect(() => void loadApiData(), []);
  const calls = list();
  const program = session.program.value;
  if (!program) return <div class="empty"><strong>No calls</strong><p>They appear when the program compiles.</p></div>;
  if (calls.length === 0) return <div class="empty"><strong>No calls</strong><p>{program.name} calls no helper and no kfunc.</p></div>;
  return (
    <div class="scroll">
      <table class="table calls">
        <thead><tr><th scope="col">Call</th><th scope="col">On {session.project.value.kernel}</th><th scope="col">Where</th></tr></thead>
        <tbody>{calls.map((call) => <CallRow key={`${call.kind}${call.name}`} call={call} />)}</tbody>
      </table>
    </div>
  );
}

function list(): Call[] {
  const out = new Map<string, { name: string; kind: "helper" | "kfunc"; sites: DisasmLine[]; unresolved: boolean }>();
  const disasm = session.disasm.value;
  for (const line of disasm?.ok ? disasm.value : []) {
    if (!line.call || line.call.kind === "subprog") continue;
    const { name, kind } = line.call;
    const entry = out.get(name) ?? { name, kind, sites: [], unresolved: false };
    entry.sites.push(line);
    out.set(name, entry);
  }
  const subject = session.verdict.value?.api;
  if (subject && subject.status !== "not allowed" && subject.status !== "present") {
    const entry = out.get(subject.name);
    if (entry) entry.unresolved = true;
    else out.set(subject.name, { name: subject.name, kind: subject.kind, sites: [], unresolved: true });
  }
  return [...out.values()];
}

function CallRow({ call }: { call: Call }) {
  const { kernel } = session.project.value;
  const entry = apiEntry(call.name);
  const at = entry?.kernels.find((k) => k.kernel === kernel) ?? null;
  return (
    <tr>
      <td>
        <button type="button" class="link mono" onClick={() => openApi(call.name)}>{call.name}</button> <span class="tag">{call.kind}{entry?.id !== null && entry ? ` #${entry.id}` : ""}</span>
        {at?.signature && <code class="signature">{at.signature}</code>}
        {at && at.flags.length > 0 && <div class="tags">{at.flags.map((f) => <span key={f} class="tag">{f}</span>)}</div>}
      </td>
      <td>{apiData.value === null && !call.unresolved ? <span class="faint">…</span> : <Answer call={call} entry={entry} at={at} />}<LabAnswer name={call.name} /></td>
      <td class="sites">
        {call.sites.slice(0, 6).map((site) => <button key={site.insn} type="button" class="link num" onClick={() => selectInsn(site.insn, sourceOfInsn.value.get(site.insn))}>{sourceOfInsn.value.has(site.insn) ? `line ${sourceOfInsn.value.get(site.insn)!.line}` : `insn ${site.insn}`}</button>)}
        {call.sites.length > 6 && <span class="faint">+{call.sites.length - 6}</span>}
      </td>
    </tr>
  );
}

/** What the custom kernel in force makes of it. */
function LabAnswer({ name }: { name: string }) {
  const uses = (session.verdict.value?.lab?.uses ?? []).filter((use) => use.name === name);
  return <>{uses.map((use) => <div key={use.path}><span class={`tag ${use.what === "removed" ? "no" : "warn"}`}>{use.what}</span> <span class="muted">{use.removal ? `${use.removal.daysLeft} days left` : use.reason ?? ""}</span></div>)}</>;
}

function Answer({ call, entry, at }: { call: Call; entry: ApiEntry | null; at: ApiAt | null }) {
  const type = session.program.value?.type ?? null;
  if (call.unresolved || (at && !at.present)) {
    return <><span class="tag no">not in this kernel</span>{entry?.replacement && <div class="muted">use <code>{entry.replacement}</code></div>}{entry?.until && <div class="muted">until {entry.until}</div>}</>;
  }
  if (!entry || !at) return <span class="tag">resolved</span>;
  if (type && at.programTypes.length > 0 && !at.programTypes.includes(type)) return <><span class="tag no">not for {type}</span><div class="muted">{at.programTypes.slice(0, 5).join(", ")}{at.programTypes.length > 5 && " …"}</div></>;
  return <><span class="tag ok">allowed</span><div class="muted">since {entry.since}{entry.until && `, until ${entry.until}`}{at.module && `, module ${at.module}`}</div></>;
}
