import { err, type Result } from "../base/result.ts";
import { parseProject, projectTitle } from "./project.ts";
import type { Project } from "./types.ts";

/** What of localStorage is used here; `set` returns false when the store is full or forbidden. */
export interface Store {
  get(key: string): string | null;
  set(key: string, value: string): boolean;
  remove(key: string): void;
  keys(): string[];
}

export interface DocumentInfo { id: string; title: string; kernel: string; saved: number; bytes: number }

const PREFIX = "bpf-playground/doc/";
const KEEP = 200;

interface Stored { project: unknown; title: string; saved: number; writer: string }

/**
 * The user's own projects, each under an id of its own. A link opens as a new document, so it never replaces one.
 * Two tabs on one document: the second to write finds another writer's newer text and goes on as a copy.
 */
export class Documents {
  private readonly store: Store;
  private readonly writer: string;
  private readonly now: () => number;
  private lastSaved = new Map<string, number>();

  constructor(store: Store, writer: string, now: () => number = Date.now) {
    this.store = store;
    this.writer = writer;
    this.now = now;
  }

  /** Newest first. Damaged entries are left out, not deleted. */
  list(): DocumentInfo[] {
    const out: DocumentInfo[] = [];
    for (const key of this.store.keys()) {
      if (!key.startsWith(PREFIX)) continue;
      const text = this.store.get(key) ?? "";
      const stored = read(text);
      if (!stored) continue;
      const kernel = typeof stored.project === "object" && stored.project !== null && "kernel" in stored.project ? String(stored.project.kernel) : "";
      out.push({ id: key.slice(PREFIX.length), title: stored.title, kernel, saved: stored.saved, bytes: text.length });
    }
    return out.sort((a, b) => b.saved - a.saved);
  }

  load(id: string): Result<Project, string> {
    const text = this.store.get(PREFIX + id);
    const stored = text === null ? null : read(text);
    if (!stored) return err("this project is not in this browser's storage any more");
    const project = parseProject(stored.project);
    if (project.ok) this.lastSaved.set(id, stored.saved);
    return project;
  }

  /** Id of a document with exactly this content, so that opening the same link twice makes one document. */
  findSame(project: Project): string | null {
    const wanted = JSON.stringify(project);
    for (const { id } of this.list()) {
      const other = this.load(id);
      if (other.ok && JSON.stringify(other.value) === wanted) return id;
    }
    return null;
  }

  /** Saves and says under which id: another one when a different tab has written to `id` since we last did. "full" keeps nothing. */
  save(id: string, project: Project): { id: string; outcome: "saved" | "copied" | "full" } {
    const before = read(this.store.get(PREFIX + id) ?? "");
    const foreign = before !== null && before.writer !== this.writer && before.saved > (this.lastSaved.get(id) ?? -1);
    const target = foreign ? this.newId() : id;
    const saved = this.now();
    const stored: Stored = { project, title: projectTitle(project), saved, writer: this.writer };
    if (!this.store.set(PREFIX + target, JSON.stringify(stored))) return { id, outcome: "full" };
    this.lastSaved.set(target, saved);
    if (target !== id || before === null) this.prune(target);
    return { id: target, outcome: foreign ? "copied" : "saved" };
  }

  remove(id: string): void {
    this.store.remove(PREFIX + id);
  }

  newId(): string {
    return `${this.now().toString(36)}-${Math.floor(Math.random() * 0xffffff).toString(36)}`;
  }

  private prune(keep: string): void {
    for (const { id } of this.list().slice(KEEP)) if (id !== keep) this.remove(id);
  }
}

function read(text: string): Stored | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const { project, title, saved, writer } = value as Partial<Stored>;
    if (typeof title !== "string" || typeof saved !== "number" || project === undefined) return null;
    return { project, title, saved, writer: typeof writer === "string" ? writer : "" };
  } catch {
    return null;
  }
}

/** The text of a project file (.bpfproj.json) and back. */
export function exportProject(project: Project): string {
  return JSON.stringify({ format: "bpf-playground", project }, null, 2) + "\n";
}
export function importProject(text: string): Result<Project, string> {
  if (text.length > 8 * 1024 * 1024) return err("the file is larger than 8 MB");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err("the file is not JSON");
  }
  if (typeof value !== "object" || value === null || (value as { format?: unknown }).format !== "bpf-playground") return err("the file is not a project of the playground");
  return parseProject((value as { project?: unknown }).project);
}

/** A store that forgets with the page; for where storage is forbidden, and for tests. */
export function memoryStore(): Store {
  const map = new Map<string, string>();
  return {
    get: (key) => map.get(key) ?? null,
    set: (key, value) => {
      map.set(key, value);
      return true;
    },
    remove: (key) => void map.delete(key),
    keys: () => [...map.keys()],
  };
}
