/**
 * Workshops from elsewhere (address, zip, folder), kept in this browser so that a reload and a train ride find them again: files
 * by a key. Where the browser has no IndexedDB, nothing is kept and nothing fails.
 */
const STORE = "workshops";

function open(): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open("bpf-playground", 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}

async function transact<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
  const db = await open();
  if (!db) return null;
  return new Promise((resolve) => {
    try {
      const request = work(db.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
    } catch {
      resolve(null);
    }
  }).then((value) => {
    db.close();
    return value as T | null;
  });
}

export interface Kept { /** an address, or "local:ID" */ key: string; title: string }

export async function keepOnShelf(key: string, title: string, files: Readonly<Record<string, string>>): Promise<void> {
  await transact("readwrite", (store) => store.put({ title, files }, key));
}

export async function dropFromShelf(key: string): Promise<void> {
  await transact("readwrite", (store) => store.delete(key));
}

/** What is kept, by title. */
export async function listShelf(): Promise<Kept[]> {
  const keys = await transact("readonly", (store) => store.getAllKeys());
  const values: unknown[] | null = await transact("readonly", (store) => store.getAll() as IDBRequest<unknown[]>);
  const titleOf = (value: unknown): string => (typeof value === "object" && value !== null && "title" in value ? String(value.title) : "");
  return (keys ?? []).flatMap((key, i) => (typeof key === "string" ? [{ key, title: titleOf(values?.[i]) || key }] : [])).sort((a, b) => (a.title < b.title ? -1 : 1));
}

export async function fromShelf(key: string): Promise<Record<string, string> | null> {
  const value: unknown = await transact("readonly", (store) => store.get(key) as IDBRequest<unknown>);
  const files = typeof value === "object" && value !== null && "files" in value ? value.files : null;
  return typeof files === "object" && files !== null ? (files as Record<string, string>) : null;
}
