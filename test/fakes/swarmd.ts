/*
 * Stands in for swarmd where a test starts one: `FAKE_SWARMD=fail` prints an error and ends, else
 * it answers 200 on the socket until SIGTERM, but refuses to init: the address is not known, or
 * with `FAKE_SWARMD=member` the node is part of a swarm already. With `FAKE_SWARMD=dies` it ends
 * with an error instead.
 */
import { rmSync } from "node:fs";
import { createServer } from "node:http";

if (process.env["FAKE_SWARMD"] === "fail") {
  process.stderr.write("first line\nlistening on 2377: address already in use\n");
  process.exit(1);
}
const REFUSAL = JSON.stringify({
  message:
    process.env["FAKE_SWARMD"] === "member"
      ? "This node is already part of a swarm."
      : "could not choose an IP address to advertise",
});
const INFO = JSON.stringify({ Swarm: { ControlAvailable: false } });
const url = process.argv[process.argv.indexOf("--host") + 1] ?? "";
const path = url.replace("unix://", "");
const server = createServer((request, response) => {
  process.stderr.write(`${request.method} ${request.url}\n`);
  const isInit = request.url?.startsWith("/swarm/init") ?? false;
  if (isInit && process.env["FAKE_SWARMD"] === "dies") {
    process.stderr.write("the state directory has no certificate\n");
    process.exit(1);
  }
  response.writeHead(isInit ? 400 : 200, { "Content-Type": "application/json" });
  response.end(isInit ? REFUSAL : INFO);
});
process.on("SIGTERM", () => {
  server.closeAllConnections();
  server.close(() => rmSync(path, { force: true }));
});
server.listen(path);
process.stderr.write(`pid ${process.pid}\nflags ${process.argv.slice(2).join(" ")}\n`);
