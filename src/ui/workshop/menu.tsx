import type { Taking } from "../../session/taking.ts";
import { exportProgress } from "../../workshop/progress.ts";
import { save } from "../actions.ts";
import { toast } from "../state.ts";
import { Icon } from "../widgets/icon.tsx";
import { MenuItem, Popover } from "../widgets/menu.tsx";
import { libraryOpen } from "./door.ts";
import { surface } from "./surface.ts";

export function WorkshopMenu({ taking }: { taking: Taking }) {
  return (
    <Popover label={<Icon name="more" />} title="This workshop" class="button icon small" align="right">
      {(close) => {
        const pick = (run: () => void) => () => {
          close();
          run();
        };
        return (
          <>
            <MenuItem onPick={pick(() => { surface.value = "hand-in"; })}>My results…</MenuItem>
            <MenuItem onPick={pick(() => downloadProgress(taking))} hint=".json">Save progress as a file</MenuItem>
            <MenuItem onPick={pick(() => pickProgress(taking))}>Load progress from a file…</MenuItem>
            <hr />
            <MenuItem onPick={pick(() => { surface.value = "give"; })} hint="room, notes, offline">Give this workshop…</MenuItem>
            <MenuItem onPick={pick(() => { libraryOpen.value = true; })}>Other workshops…</MenuItem>
            <hr />
            <MenuItem onPick={pick(() => void import("./enter.ts").then((inside) => inside.leave()))} hint="progress is kept">Leave the workshop</MenuItem>
          </>
        );
      }}
    </Popover>
  );
}

export function downloadProgress(taking: Taking): void {
  const who = taking.progress.value.attendee.trim().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
  save(`${taking.workshop.id}${who ? `-${who}` : ""}.progress.json`, exportProgress(taking.progress.value), "application/json");
}

const MAX_PROGRESS = 8 * 1024 * 1024;

function pickProgress(taking: Taking): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".json";
  input.onchange = () => {
    const file = input.files?.[0];
    if (file) void loadProgress(taking, file);
  };
  input.click();
}

export async function loadProgress(taking: Taking, file: File): Promise<void> {
  if (file.size > MAX_PROGRESS) {
    toast(`${file.name} is larger than ${MAX_PROGRESS / 1024 / 1024} MB.`, "bad");
    return;
  }
  const before = exportProgress(taking.progress.value);
  const read = taking.import(await file.text());
  if (!read.ok) toast(`${file.name}: ${read.error}. Your progress is as it was.`, "bad");
  else toast(`Progress loaded from ${file.name}.`, "info", { label: "Undo", run: () => void taking.import(before) });
}
