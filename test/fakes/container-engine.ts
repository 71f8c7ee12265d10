import { mkdtemp, rm } from "node:fs/promises";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A container engine of API 1.41 on a socket of its own, with one container and one network. */
export class FakeContainerEngine {
  /** Requests as they came: method, path and body. */
  readonly seen: string[] = [];
  readonly #directory: string;
  readonly #server = http.createServer((request, response) => {
    void this.#answer(request, response);
  });

  private constructor(directory: string) {
    this.#directory = directory;
    this.#server.on("upgrade", (request, socket, head) => {
      this.seen.push(`upgrade ${request.url}`);
      socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
      socket.write(`head:${String(head)}\n`);
      socket.on("data", (data) => socket.write(`echo:${String(data)}`));
      socket.on("end", () => socket.end("bye"));
    });
  }

  static async open(): Promise<FakeContainerEngine> {
    const engine = new FakeContainerEngine(await mkdtemp(join(tmpdir(), "skep-engine-")));
    await new Promise<void>((resolve) => engine.#server.listen(engine.#path, resolve));
    return engine;
  }

  get #path(): string {
    return join(this.#directory, "docker.sock");
  }

  get host(): string {
    return `unix://${this.#path}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    this.seen.push([request.method, request.url, body].filter((part) => part !== "").join(" "));
    const path = (request.url ?? "").replace(/^\/v[\d.]+|\?.*$/g, "");
    response.setHeader("Api-Version", "1.41");
    response.setHeader("Content-Type", "application/json");
    const replies: Readonly<Record<string, unknown>> = {
      "/_ping": "OK",
      "/info": { ID: "engine", Containers: 1, ServerVersion: "20.10", Swarm: { NodeID: "other" } },
      "/version": { Version: "20.10", Components: [{ Name: "Engine", Details: { Os: "linux" } }] },
      "/networks": [{ Id: "n1", Name: "bridge" }],
      "/networks/bridge": { Id: "n1", Name: "bridge" },
      [`/networks/${"a".repeat(64)}`]: { Id: "a".repeat(64), Name: "host" },
      [`/networks/${"b".repeat(64)}`]: { Id: "b".repeat(64), Name: "mine" },
      "/networks/create": { Id: "n2", Warning: "" },
      "/containers/json": [{ Id: "c1" }],
      "/containers/create": { Id: "c2" },
      "/events": { Type: "container", Action: "start" },
      "/volumes": { Volumes: [{ Name: "local1" }], Warnings: null },
      "/volumes/local1": { Name: "local1", Driver: "local" },
    };
    if (!(path in replies)) response.statusCode = 404;
    const reply = replies[path] ?? { message: `no such object: ${path}` };
    response.end(request.method === "HEAD" ? undefined : `${JSON.stringify(reply)}\n`);
  }
}
