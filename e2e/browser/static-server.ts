import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { extname, join, normalize, sep } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json", ".wasm": "application/wasm",
  ".ttf": "font/ttf", ".webmanifest": "application/manifest+json",
};

export interface HostOptions {
  /** folder that is served */
  folder: string;
  /** send the two headers that isolate a page */
  isolated?: boolean;
  /** "/deep/below/": the path the folder appears under; default "/" */
  path?: string;
  port?: number;
  /** answers instead of the folder where it returns a file's path */
  override?: (path: string) => string | null;
}

export interface Host {
  url: string;
  /** paths asked for since the start, below the served path */
  readonly requests: string[];
  close(): Promise<void>;
}

/** A plain static host, as plain as the plainest that people use: no fallback, no compression, no caching headers. */
export async function startHost({ folder, isolated = false, path = "/", port = 0, override }: HostOptions): Promise<Host> {
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://host");
    const refuse = (status: number): void => {
      response.writeHead(status, { "Content-Type": "text/plain" }).end(String(status));
    };
    if (!url.pathname.startsWith(path)) return refuse(404);
    let name = decodeURIComponent(url.pathname.slice(path.length));
    requests.push(name);
    if (name === "" || name.endsWith("/")) name += "index.html";
    const file = override?.(name) ?? join(folder, normalize(name));
    if (file.includes(`..${sep}`) || !existsSync(file) || !statSync(file).isFile()) return refuse(404);
    response.writeHead(200, {
      "Content-Type": TYPES[extname(file)] ?? "application/octet-stream", "Content-Length": statSync(file).size,
      ...(isolated ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "same-origin" } : {}),
    });
    if (request.method === "HEAD") response.end();
    else createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  const bound = typeof address === "object" && address ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}${path}`,
    requests,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
  };
}
