import { signal } from "@preact/signals";
import { parseApiData, type ApiData, type ApiEntry } from "../session/api-data.ts";

/** The life of every helper and kfunc over all kernels; null until it has been asked for and has arrived. */
export const apiData = signal<ApiData | null>(null);
export const apiError = signal<string | null>(null);
let asked = false;

/** Fetches the data once; later calls do nothing unless the first one failed. */
export async function loadApiData(): Promise<void> {
  if (asked) return;
  asked = true;
  apiError.value = null;
  try {
    const response = await fetch(new URL("kernels/api.json", document.baseURI));
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const parsed = parseApiData(await response.json());
    if (!parsed.ok) throw new Error(parsed.error);
    apiData.value = parsed.value;
  } catch (error) {
    asked = false;
    apiError.value = `The table of helpers and kfuncs could not be loaded: ${error instanceof Error ? error.message : String(error)}.`;
  }
}

export function apiEntry(name: string): ApiEntry | null {
  return apiData.value?.byName.get(name) ?? null;
}
