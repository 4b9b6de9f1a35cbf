// `npm start`: installs what is missing, then serves the page for development on a free port and prints its address.
// Plain JavaScript, since it runs before any package is there.
import { createServer } from "node:net";
import { ensurePackages, root } from "../../e2e/setup/install.mjs";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node ${process.versions.node} is too old: 20.19 or newer is needed.`);
  process.exit(2);
}

/** The first free port from `from` on. */
async function freePort(from) {
  for (let port = from; port < from + 50; port++) {
    const free = await new Promise((resolve) => {
      const probe = createServer();
      probe.once("error", () => resolve(false));
      probe.listen(port, "localhost", () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
  return 0;
}

ensurePackages();
const { createServer: createVite } = await import("vite");
const server = await createVite({ root, configFile: `${root}/vite.config.ts`, server: { port: await freePort(Number(process.env.PORT) || 5173), strictPort: false } });
await server.listen();
console.log("\n  BPF Playground");
server.printUrls();
const stop = async () => {
  await server.close();
  process.exit(0);
};
process.on("SIGINT", stop);
process.on("SIGTERM", stop);
