import { err, ok } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { brotliTransform } from "../compiler/brotli.ts";

/** Reads a file over HTTP. The error is a sentence for the page. */
export async function fetchBytes(url: URL): Promise<Result<Uint8Array, string>> {
  const name = url.pathname.split("/").slice(-2).join("/");
  let response: Response;
  try {
    response = await fetch(url);
  } catch {
    return err(`${name} could not be fetched: the network or the server does not answer`);
  }
  if (!response.ok) return err(`${name} could not be fetched: the server answered ${response.status}`);
  try {
    return ok(new Uint8Array(await response.arrayBuffer()));
  } catch {
    return err(`${name} broke off while it was fetched`);
  }
}

/** Undoes a compression with what the browser has; throws on damaged data. */
export async function decompressInBrowser(encoding: "gzip" | "brotli", bytes: Uint8Array): Promise<Uint8Array> {
  const transform = encoding === "gzip" ? new DecompressionStream("gzip") : await brotliTransform();
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(transform as ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
