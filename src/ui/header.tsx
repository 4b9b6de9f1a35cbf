import { EXAMPLES, exampleProject } from "../session/examples/index.ts";
import { formatHex } from "../session/packets/hex.ts";
import { PRESETS } from "../session/packets/presets.ts";
import { emptyProject, projectTitle } from "../session/project.ts";
import type { Project } from "../session/types.ts";
import { copyEmbed, copyLink, copyMarkdown, downloadObject, downloadProject, downloadSource, pickFiles } from "./actions.ts";
import { themeChoice } from "./prefs.ts";
import { documentId, documents, embedded, keeper, newDocument, openDocument, runProgram, running, saveState, session, toast } from "./state.ts";
import { Icon, Logo } from "./widgets/icon.tsx";
import { MenuGroup, MenuItem, Popover } from "./widgets/menu.tsx";
import { libraryOpen } from "./workshop/door.ts";

export const commandKey = /Mac|iP(?:hone|ad)/.test(navigator.platform) ? "⌘" : "Ctrl ";

export function Header() {
  return (
    <header class="top">
      <div class="brand"><Logo /><h1>BPF Playground</h1></div>
      <button type="button" class="button" title="Workshops and essays" aria-label="Workshops" onClick={() => { libraryOpen.value = true; }}><Icon name="steps" /><span class="wide-only">Workshops</span></button>
      <ExamplesMenu />
      <ProjectMenu />
      <div class="grow" />
      <RunButton />
      <Popover label={<><Icon name="share" /><span class="wide-only">Share</span></>} title="Share" align="right">
        {(close) => (
          <>
            <MenuItem onPick={() => { close(); void copyLink(); }} hint="everything in it">Copy link</MenuItem>
            <MenuItem onPick={() => { close(); void copyMarkdown(); }}>Copy as Markdown</MenuItem>
            <MenuItem onPick={() => { close(); void copyEmbed(); }}>Copy code to embed</MenuItem>
          </>
        )}
      </Popover>
      <ThemeButton />
    </header>
  );
}

export function EmbedHeader() {
  const open = async (event: MouseEvent): Promise<void> => {
    event.preventDefault();
    const { linkOf } = await import("./actions.ts");
    window.open(await linkOf(session.project.value), "_blank", "noopener");
  };
  return (
    <header class="top embed">
      <div class="brand"><Logo /><span class="ellipsis">{projectTitle(session.project.value)}</span></div>
      <div class="grow" />
      <RunButton />
      <a class="button outlined" href="./" target="_blank" rel="noopener" onClick={(e) => void open(e)}><Icon name="open" /> Open in full</a>
    </header>
  );
}

function RunButton() {
  if (running.value) {
    return <button type="button" class="button outlined" onClick={() => session.stop()}><Icon name="stop" /> Stop</button>;
  }
  return (
    <button type="button" class="button run" title={`Run (${commandKey}Enter)`} onClick={() => void runProgram()}>
      <Icon name="play" /> Run <kbd class="wide-only">{commandKey}↵</kbd>
    </button>
  );
}

function ThemeButton() {
  const next = { system: "light", light: "dark", dark: "system" } as const;
  const choice = themeChoice.value;
  const text = { system: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" }[choice];
  return (
    <button type="button" class="button icon theme-button" aria-label={`${text}; click changes it`} title={text} onClick={() => { themeChoice.value = next[choice]; }}>
      <Icon name={choice === "system" ? "auto" : choice === "light" ? "sun" : "moon"} />
    </button>
  );
}

function ExamplesMenu() {
  const groups = [...new Set(EXAMPLES.map((e) => e.group))];
  return (
    <Popover label={<><Icon name="book" /><span class="wide-only">Examples</span><Icon name="down" size={12} /></>} title="Examples" wide>
      {(close) => (
        <div class="examples" role="presentation">
          {groups.map((group) => (
            <MenuGroup key={group} title={group}>
              {EXAMPLES.filter((e) => e.group === group).map((example) => (
                <button key={example.id} type="button" role="menuitem" class="example" onClick={() => { close(); newDocument(exampleProject(example)); }}>
                  <span class="example-title">{example.title}<span class={`dot ${example.expect}`} title={`${example.expect} on ${example.kernel}`} /><span class="tag">{example.kernel}</span></span>
                  <span class="example-about">{example.about}</span>
                </button>
              ))}
            </MenuGroup>
          ))}
        </div>
      )}
    </Popover>
  );
}

function ProjectMenu() {
  const title = keeper.value?.title.value ?? projectTitle(session.project.value);
  return (
    <Popover label={<><Icon name="file" /><span class="ellipsis project-title wide-only">{title}</span><Icon name="down" size={12} /></>} title={`Project: ${title}`} class="button project-button">
      {(close) => {
        const recent = documents.list().filter((d) => d.id !== documentId.value).slice(0, 8);
        return (
          <>
            <MenuItem onPick={() => { close(); newDocument(starterProject()); }}>New project</MenuItem>
            <MenuItem onPick={() => { close(); pickFiles(); }} hint=".c .h .o .pcap .json">Open files…</MenuItem>
            <hr />
            <MenuItem onPick={() => { close(); downloadSource(); }} hint=".c">Download source</MenuItem>
            <MenuItem disabled={session.object.value === null} onPick={() => { close(); downloadObject(); }} hint=".o">Download object</MenuItem>
            <MenuItem onPick={() => { close(); downloadProject(); }} hint=".json">Export project</MenuItem>
            {recent.length > 0 && (
              <>
                <hr />
                <MenuGroup title="Recent">
                  {recent.map((d) => (
                    <div key={d.id} class="recent" role="presentation">
                      <MenuItem hint={<span class="num">{d.kernel} · {ago(d.saved)}</span>} onPick={() => {
                        close();
                        const project = documents.load(d.id);
                        if (project.ok) openDocument(d.id, project.value);
                        else toast(`It could not be opened: ${project.error}.`, "bad");
                      }}><span class="ellipsis">{d.title}</span></MenuItem>
                      <button type="button" role="menuitem" class="button small icon" aria-label={`Delete ${d.title}`} title="Delete" onClick={() => { if (confirm(`Delete “${d.title}” from this browser?`)) { documents.remove(d.id); close(); } }}><Icon name="trash" size={13} /></button>
                    </div>
                  ))}
                </MenuGroup>
              </>
            )}
          </>
        );
      }}
    </Popover>
  );
}

function starterProject(): Project {
  const base = emptyProject(session.project.value.kernel);
  const packet = PRESETS[0]!;
  return { ...base, files: { "main.bpf.c": STARTER }, input: { ...base.input, preset: packet.id, dataIn: formatHex(packet.bytes) } };
}

const STARTER = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("xdp")
int program(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
`;

export function ago(time: number): string {
  const minutes = Math.round((Date.now() - time) / 60_000);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 60 * 24) return `${Math.round(minutes / 60)} h`;
  return `${Math.round(minutes / 60 / 24)} d`;
}

export function SaveNote() {
  if (embedded) return null;
  const text = { saved: "Saved in this browser", saving: "Saving…", full: "Not saved: this browser's storage is full" }[saveState.value];
  return <span class={saveState.value === "full" ? "no" : ""}>{text}</span>;
}
