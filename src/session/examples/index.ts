import { emptyProject } from "../project.ts";
import { formatHex } from "../packets/hex.ts";
import { PRESETS } from "../packets/presets.ts";
import type { Project } from "../types.ts";
import { SOURCES } from "./sources.ts";

export interface Example {
  id: string;
  title: string;
  /** one sentence: what there is to see */
  about: string;
  group: "Start" | "Packets" | "Tracing" | "Language" | "Kernels differ" | "Rejected on purpose";
  /** file in this folder */
  file: string;
  kernel: string;
  program?: string;
  preset?: string;
  ctxIn?: string;
  overlay?: string;
  maps?: Project["maps"];
  /** what the chosen kernel says; a test compiles each example and holds it to this */
  expect: "accepted" | "rejected";
  /** and what others say */
  elsewhere?: Readonly<Record<string, "accepted" | "rejected">>;
}

export const EXAMPLES: readonly Example[] = [
  { id: "xdp-drop-udp", title: "Drop one UDP port", about: "XDP parses Ethernet, IPv4 and UDP and drops port 9999.", group: "Start", file: "xdp-drop-udp.bpf.c", kernel: "7.2", preset: "udp-9999", expect: "accepted" },
];

/** The project an example opens as. */
export function exampleProject(example: Example): Project {
  const base = emptyProject(example.kernel);
  const name = "main.bpf.c";
  const preset = PRESETS.find((p) => p.id === example.preset);
  return {
    ...base,
    files: { [name]: SOURCES[example.file] ?? "" },
    activeFile: name,
    program: example.program ?? null,
    overlay: example.overlay ?? null,
    input: { ...base.input, dataIn: preset ? formatHex(preset.bytes) : "", preset: preset?.id ?? null, ctxIn: example.ctxIn ?? "" },
    maps: example.maps ?? {},
  };
}
