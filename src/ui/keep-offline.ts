/**
 * Fetches files of the page so that the service worker keeps them: what is in use was fetched before there was a service worker,
 * and what will be needed without a network has to be asked for while there is one. Nothing waits for it; where the person
 * saves data, nothing is fetched ahead.
 */
export function keepForOffline(paths: readonly string[]): void {
  if (!("serviceWorker" in navigator) || !navigator.serviceWorker.controller) return;
  const saving = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
  if (saving) return;
  void (async () => {
    for (const path of paths) {
      // One after the other, behind everything the page itself wants.
      await fetch(new URL(path, document.baseURI), { cache: "force-cache", priority: "low" }).then((response) => response.arrayBuffer()).catch(() => undefined);
    }
  })();
}
