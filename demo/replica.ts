/**
 * The demo's service: a small HTTP server that answers with its task's name and its node. Listens
 * on any free port, says where in its log, and stops when asked to.
 */
import http from "node:http";
import os from "node:os";

const task = process.env["TASK"] ?? "?";
const node = process.env["NODE"] ?? os.hostname();
const release = process.env["RELEASE"] ?? "1";

/** The address others reach this process at: its own network's, or loopback. */
function address(): string {
  if (process.env["BIND"] !== "any") return "127.0.0.1";
  const own = Object.values(os.networkInterfaces())
    .flat()
    .find((entry) => entry?.family === "IPv4" && !entry.internal);
  return own?.address ?? "127.0.0.1";
}

const server = http.createServer((_request, response) => {
  response.setHeader("content-type", "text/plain");
  response.end(`hello from ${task} on ${node}, release ${release}\n`);
});

server.listen(0, address(), () => {
  const bound = server.address();
  const port = typeof bound === "object" ? bound?.port : bound;
  process.stdout.write(`${task} on ${node} listens on http://${address()}:${port}/\n`);
});

process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeAllConnections();
});
