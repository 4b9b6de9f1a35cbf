/** What a custom kernel's document can say. Parser, TypeScript type and JSON Schema all come from this description. */
import { add, backport, behave, change, deprecate, helper, helperVersions, remove, rename, symbolVersion, versions } from "./lab/schema-functions.ts";
import { addType, programType, removeField, removeType } from "./lab/schema-types.ts";
import { apiVersion, release } from "./lab/schema-words.ts";
import { boolean, integer, list, literal, object, optional, text, variants } from "./schema.ts";
import type { Infer, JsonSchema } from "./schema.ts";

export const overlayChange = variants("op", [
  deprecate, remove, add, rename, change, behave, versions, helperVersions, symbolVersion, helper, backport, addType, removeType, removeField, programType,
]);
const api = object(
  {
    version: apiVersion("the API version of this kernel"),
    supportWindow: integer(0, 1000, "how many releases an old version is kept, counted from the release that brought its successor"),
    releases: optional(list(
      object({ version: apiVersion("the API version"), release: release("the release that brought it") }),
      { maxItems: 256, description: "which release brought which version, oldest first; left out: every release brings one" },
    )),
  },
  "API versions: a program declares the version it was written for (BPF_API_VERSION in bpf_lab.h), one that declares none is of version 0",
  "API version",
);
export const overlayShape = object(
  {
    schema: literal(1),
    name: text("a short name of letters, digits, dots and dashes", { pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, description: "shown after the release: 7.2+NAME" }),
    title: optional(text("a line of text", { maxLength: 200, description: "what this kernel is about" })),
    description: optional(text("some sentences", { maxLength: 4000, description: "what to try with it and what to see, for people" })),
    base: optional(release("the release this was written for; used where none is chosen")),
    simulatedRelease: optional(release("the release the kernel calls itself: moving it past a removal date removes")),
    btf: optional(boolean("false: the kernel is built without BTF")),
    api: optional(api),
    changes: optional(list(overlayChange, { maxItems: 1000, description: "applied in this order" })),
  },
  "A custom kernel: a real release and what is different in it",
);

export type Overlay = Infer<typeof overlayShape>;
export type OverlayChange = Infer<typeof overlayChange>;
export type OverlayOp = OverlayChange["op"];

/** The JSON Schema of the document: written to public/kernels/overlay.schema.json, which a test keeps in step. */
export function overlayJsonSchema(): JsonSchema {
  return { $schema: "https://json-schema.org/draft/2020-12/schema", title: "BPF Playground: custom kernel", ...overlayShape.json };
}
