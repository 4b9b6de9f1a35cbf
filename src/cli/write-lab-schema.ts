/** `npm run lab-schema`: writes the JSON Schema of custom kernels to public/kernels/overlay.schema.json. */
import { writeFileSync } from "node:fs";
import { overlayJsonSchema } from "../kernel/overlay-schema.ts";

writeFileSync(new URL("../../public/kernels/overlay.schema.json", import.meta.url), `${JSON.stringify(overlayJsonSchema(), null, 2)}\n`);
