import { keepForOffline } from "./keep-offline.ts";
import { session, toast } from "./state.ts";
import { room } from "./workshop/door.ts";

/** How long a new version may take to replace the old one before the page is loaded anew regardless, in milliseconds. */
const HANDOVER_MS = 2000;

/**
 * Registers the service worker of a built page. A new version is fetched beside the old one and takes over when the person says so,
 * or when the last tab of the old version is closed; a page never sees files of two versions.
 */
export function registerServiceWorker(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator) || !isSecureContext) return;
  const offer = (worker: ServiceWorker): void => {
    toast("A newer version of this page is ready.", "info", {
      label: "Reload",
      run: () => {
        navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
        worker.postMessage("take-over");
        // A file asked for in the moment between two workers wakes the old one again, and Chromium then leaves the new one waiting
        // (seen: for good). Loading the page anew lets go of the old one; with other tabs open the offer comes again.
        setTimeout(() => location.reload(), HANDOVER_MS);
      },
    });
  };
  // On the very first visit the kernel's data was fetched before there was a service worker: asked for once more, now through it, it is kept.
  if (!navigator.serviceWorker.controller) navigator.serviceWorker.addEventListener("controllerchange", keepWhatIsUsed, { once: true });
  navigator.serviceWorker.register(new URL("sw.js", document.baseURI), { updateViaCache: "none" }).then((registration?: ServiceWorkerRegistration) => {
    if (!registration) return;
    if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const worker = registration.installing;
      worker?.addEventListener("statechange", () => {
        if (worker.state === "installed" && navigator.serviceWorker.controller) offer(worker);
      });
    });
  }, (error) => console.warn("the page will not work offline:", error));
}

function keepWhatIsUsed(): void {
  const kernels = ["index.json", "api.json", "types.json", `${session.project.value.kernel}.pack`].map((file) => `kernels/${file}`);
  keepForOffline(kernels);
  void room.value?.needed().then(keepForOffline);
}
