import { decodeUtf8 } from "../base/bytes.ts";
import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { parsePrototype } from "./c-prototype.ts";
import { checkName } from "./lab/apply-versions.ts";
import { parseExpression } from "./lab/expression-parse.ts";
import { eachBody } from "./lab/bodies.ts";
import { overlayShape } from "./overlay-schema.ts";
import type { Overlay, OverlayChange } from "./overlay-schema.ts";

export { applyOverlay, donorReleases, simulatedReleaseOf } from "./lab/apply.ts";
export type { OverlaidPack } from "./lab/apply.ts";
export { LAB_MODULE } from "./lab/workbench.ts";

const MAX_BYTES = 4_000_000;

/** Reads an overlay document. The error says where in the text or the document and what was expected there. */
export function parseOverlay(input: string | Uint8Array): Result<Overlay, string> {
  const source = typeof input === "string" ? input : decodeUtf8(input);
  if (source.length > MAX_BYTES) return err(`custom kernel: the document has ${source.length} characters, at most ${MAX_BYTES} are taken`);
  let data: unknown;
  try {
    data = JSON.parse(source);
  } catch (error) {
    return err(`custom kernel: not JSON: ${whereInText(source, error instanceof Error ? error.message : "")}`);
  }
  const parsed = overlayShape.parse(data, "");
  if (!parsed.ok) return err(`custom kernel: ${parsed.error.path === "" ? "the document" : parsed.error.path}: ${parsed.error.message}`);
  const wrong = firstProblem(parsed.value);
  return wrong === null ? parsed : err(`custom kernel: ${wrong}`);
}

/** What the shape of the document cannot say: prototypes, expressions, versions in order. */
function firstProblem(overlay: Overlay): string | null {
  for (const [i, change] of (overlay.changes ?? []).entries()) {
    const wrong = prototypeProblem(change, `changes[${i}]`) ?? orderProblem(overlay, change, `changes[${i}]`);
    if (wrong !== null) return wrong;
  }
  for (const { body, path } of eachBody(overlay)) {
    if (body.language !== "expression") continue;
    const parsed = parseExpression(body.text);
    if (!parsed.ok) return `${path}.text: ${parsed.error}`;
  }
  return null;
}

function prototypeProblem(change: OverlayChange, path: string): string | null {
  if (change.op === "add" || change.op === "change") {
    const proto = parsePrototype(change.prototype);
    return proto.ok ? null : `${path}.prototype: ${proto.error}`;
  }
  const lists: [readonly { prototype?: string; name?: string }[], string, string | null][] = change.op === "versions"
    ? [[change.signatures, "signatures", change.kfunc]]
    : change.op === "symbol version" ? [[change.symbols, "symbols", null]] : [];
  for (const [list, field, name] of lists) {
    for (const [i, item] of list.entries()) {
      const good = checkName(item.prototype, name ?? item.name!, `${path}.${field}[${i}].prototype`);
      if (!good.ok) return good.error;
    }
  }
  return null;
}

/** API versions stand in order, and only a kernel that declares them can have signatures by them. */
function orderProblem(overlay: Overlay, change: OverlayChange, path: string): string | null {
  const [list, field] = change.op === "versions" ? [change.signatures, "signatures"] : change.op === "helper versions" ? [change.meanings, "meanings"] : [[], ""];
  if ((change.op === "versions" || change.op === "helper versions") && !overlay.api) return `${path}: "${change.op}" needs the kernel's "api"`;
  for (let i = 1; i < list.length; i++) {
    if (list[i]!.from <= list[i - 1]!.from) return `${path}.${field}[${i}].from: ${list[i]!.from} does not come after ${list[i - 1]!.from}`;
  }
  return null;
}

/** V8 names a position in its message; people want a line and a column. */
function whereInText(source: string, message: string): string {
  const position = /position (\d+)/.exec(message)?.[1];
  const plain = message.replace(/\s*(in JSON )?at position.*$/s, "").replace(/, \.\.\..*is not valid JSON$/s, "") || "it cannot be read";
  const at = position === undefined ? source.length : Number(position);
  const before = source.slice(0, at);
  const line = before.split("\n").length;
  return `${plain} at line ${line}, column ${at - before.lastIndexOf("\n")}`;
}
