import { Documents } from "../session/documents.ts";
import { exampleProject, EXAMPLES } from "../session/examples/index.ts";
import type { Project } from "../session/types.ts";
import { store } from "./prefs.ts";

/** What the page opens with when no link says otherwise: the last document, else the first example. */
export function startProject(): Project {
  const current = store.get("bpf-playground/current");
  if (current) {
    const project = new Documents(store, "start").load(current);
    if (project.ok) return project.value;
  }
  return exampleProject(EXAMPLES[0]!);
}
