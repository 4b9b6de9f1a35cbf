/** The C sources in an overlay: found for a compiler, filled in with what it made of them. */
import { encodeBase64 } from "../../base/bytes.ts";
import { stripDebug } from "../../elf/strip.ts";
import { parsePrototype } from "../c-prototype.ts";
import type { Overlay, OverlayChange } from "../overlay-schema.ts";
import type { LabBody } from "./schema-words.ts";

export interface PlacedBody { path: string; name: string; body: LabBody }

/** Every body of a document with its place and the function it is of. */
export function eachBody(overlay: Overlay): PlacedBody[] {
  return (overlay.changes ?? []).flatMap((change, i) => bodiesOf(change, `changes[${i}]`));
}

function bodiesOf(change: OverlayChange, path: string): PlacedBody[] {
  const own = (name: string, body: LabBody | undefined, at: string): PlacedBody[] => (body ? [{ path: `${at}.body`, name, body }] : []);
  switch (change.op) {
    case "add": case "change": {
      const proto = parsePrototype(change.prototype);
      return own(proto.ok ? proto.value.name : "", change.body, path);
    }
    case "behave": return own(change.function, change.body, path);
    case "helper": return own(change.means ?? "", change.body, path);
    case "versions": return change.signatures.flatMap((s, i) => own(change.kfunc, s.body, `${path}.signatures[${i}]`));
    case "helper versions": return change.meanings.flatMap((m, i) => own(m.means ?? change.helper, m.body, `${path}.meanings[${i}]`));
    case "symbol version": return change.symbols.flatMap((s, i) => own(s.name, s.body, `${path}.symbols[${i}]`));
    default: return [];
  }
}

/** A C source that waits for a compiler. */
export interface BodySource { path: string; name: string; source: string }

export function uncompiledBodies(overlay: Overlay): BodySource[] {
  return eachBody(overlay).flatMap(({ path, name, body }) => (body.language === "c" && body.object === undefined ? [{ path, name, source: body.text }] : []));
}

/** The function has another name in the object than the helper or kfunc it stands for, which headers declare. */
export const BODY_PREFIX = "lab__";

/**
 * What is given to the compiler, with debug information (maps and kfuncs are described by BTF): the source after the kernel's
 * types. Accesses have the offsets of that kernel, as nothing relocates them.
 */
export function bodyProgram({ source, name }: Pick<BodySource, "source" | "name">): string {
  return [
    "#define BPF_NO_PRESERVE_ACCESS_INDEX", '#include "vmlinux.h"', "#include <bpf/bpf_helpers.h>", `#define ${name} ${BODY_PREFIX}${name}`, '#line 1 "body.c"', source, "",
  ].join("\n");
}

/** The document with objects filled in, by path ("changes[0].body"). Paths of other bodies are left as they are. */
export function withObjects(overlay: Overlay, objects: ReadonlyMap<string, Uint8Array>): Overlay {
  const copy = structuredCopy(overlay);
  for (const { path, body } of eachBody(copy)) {
    const object = objects.get(path);
    if (object && body.language === "c") (body as { object?: string }).object = encodeBase64(stripDebug(object));
  }
  return copy;
}

function structuredCopy(overlay: Overlay): Overlay {
  return JSON.parse(JSON.stringify(overlay)) as Overlay;
}
