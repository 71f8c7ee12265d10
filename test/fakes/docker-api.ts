import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One JSON object of the API: whatever fields a test gives it. */
export type Json = Record<string, unknown>;

/** A request the fake received, path without the version prefix. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** What a scripted route answers: a status and a JSON body, or raw bytes. */
export interface Reply {
  readonly status?: number;
  readonly json?: unknown;
  readonly raw?: Uint8Array;
}

type Script = (request: Received) => Reply | undefined;

/** The collections that share the list/inspect/create/remove routes. */
const COLLECTIONS = ["nodes", "services", "tasks", "networks", "secrets", "configs"] as const;
type Collection = (typeof COLLECTIONS)[number];

const FAKE_VERSION = "1.41";

/**
 * A Docker Engine API server with just enough memory to drive a client: objects are plain JSON in
 * public arrays, every request is recorded, and `script` overrides any answer.
 */
export class FakeDockerApi {
  readonly requests: Received[] = [];
  readonly objects: Record<Collection, Json[]> = {
    nodes: [],
    services: [],
    tasks: [],
    networks: [],
    secrets: [],
    configs: [],
  };
  swarm: Json | undefined;
  info: Json = {};
  readonly #scripts: Script[] = [];
  readonly #server: Server;
  readonly #directory: string;
  #version = 10;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#server = createServer((request, response) => {
      void this.#handle(request, response);
    });
  }

  /** Listens on a unix socket in a directory of its own. */
  static async open(): Promise<FakeDockerApi> {
    const fake = new FakeDockerApi(await mkdtemp(join(tmpdir(), "fake-docker-")));
    await new Promise<void>((resolve, reject) => {
      fake.#server.once("error", reject);
      fake.#server.listen(fake.socketPath, resolve);
    });
    return fake;
  }

  get socketPath(): string {
    return join(this.#directory, "docker.sock");
  }

  get host(): string {
    return `unix://${this.socketPath}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    await rm(this.#directory, { recursive: true });
  }

  /** Adds an override; later ones are asked first; undefined falls through. */
  script(script: Script): void {
    this.#scripts.unshift(script);
  }

  /** The requests of `method` whose path starts with `path`. */
  received(method: string, path: string): readonly Received[] {
    return this.requests.filter((r) => r.method === method && r.path.startsWith(path));
  }

  /** The single object of `collection` that `name` means: id, name, or id prefix. */
  find(collection: Collection, name: string): Json | undefined {
    const all = this.objects[collection];
    return (
      all.find((o) => idOf(o) === name) ??
      all.find((o) => nameOf(o) === name) ??
      all.find((o) => idOf(o).startsWith(name))
    );
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = await readRequest(request);
    this.requests.push(received);
    let reply: Reply | undefined;
    for (const script of this.#scripts) reply ??= script(received);
    send(response, received, reply ?? this.#route(received));
  }

  #route(request: Received): Reply {
    const { method, path } = request;
    if (path === "/_ping") return { raw: Buffer.from(method === "HEAD" ? "" : "OK") };
    if (path === "/info") return { json: this.info };
    if (path === "/version") return { json: { Version: "0", ApiVersion: FAKE_VERSION } };
    if (path.startsWith("/swarm")) return this.#routeSwarm(request);
    const [, collection = "", name = "", verb = ""] = path.split("/");
    if (!isCollection(collection)) return { status: 404, json: { message: "page not found" } };
    if (method === "POST" && name === "create") return this.#create(collection, request);
    if (name === "") return { json: this.#list(collection, request) };
    const object = this.find(collection, name);
    if (!object)
      return { status: 404, json: { message: `${collection.slice(0, -1)} ${name} not found` } };
    if (method === "GET") return { json: object };
    if (method === "DELETE") {
      this.objects[collection] = this.objects[collection].filter((o) => o !== object);
      return { status: 200 };
    }
    if (verb === "update") return this.#update(object, request);
    return { status: 404, json: { message: "page not found" } };
  }

  #routeSwarm({ method, path, body }: Received): Reply {
    if (method === "GET" && path === "/swarm")
      return this.swarm
        ? { json: this.swarm }
        : { status: 503, json: { message: "This node is not a swarm manager." } };
    if (path === "/swarm/init") return { json: "selfselfselfselfselfself1" };
    if (path === "/swarm/unlockkey") return { json: { UnlockKey: "SWMKEY-1-abc" } };
    if (path === "/swarm/update" && this.swarm) this.swarm = { ...this.swarm, Spec: body };
    return { status: 200 };
  }

  #create(collection: Collection, { body }: Received): Reply {
    const id = `${collection.slice(0, 3)}${++this.#version}`.padEnd(25, "0");
    this.objects[collection].push({ ID: id, Version: { Index: this.#version }, Spec: body });
    return { status: 201, json: collection === "networks" ? { Id: id } : { ID: id } };
  }

  #update(object: Json, { body, query }: Received): Reply {
    const version = object["Version"] as { Index: number } | undefined;
    if (String(version?.Index) !== query["version"])
      return {
        status: 500,
        json: { message: "rpc error: code = Unknown desc = update out of sequence" },
      };
    object["PreviousSpec"] = object["Spec"];
    object["Spec"] = body;
    object["Version"] = { Index: ++this.#version };
    return { status: 200, json: { Warnings: null } };
  }

  #list(collection: Collection, { query }: Received): Json[] {
    const filters = JSON.parse(query["filters"] ?? "{}") as Record<string, unknown>;
    const wanted = (key: string): string[] | undefined => {
      const value = filters[key];
      if (value === undefined) return undefined;
      return Array.isArray(value) ? (value as string[]) : Object.keys(value as object);
    };
    const services = wanted("service")?.map((name) => idOf(this.find("services", name) ?? {}));
    const nodes = wanted("node")?.map((name) => idOf(this.find("nodes", name) ?? {}));
    return this.objects[collection].filter(
      (o) =>
        (wanted("id")?.some((id) => idOf(o).startsWith(id)) ?? true) &&
        (wanted("name")?.some((name) => nameOf(o).startsWith(name)) ?? true) &&
        (services?.includes(String(o["ServiceID"])) ?? true) &&
        (nodes?.includes(String(o["NodeID"])) ?? true),
    );
  }
}

function idOf(object: Json): string {
  return text(object["ID"]) || text(object["Id"]);
}

function nameOf(object: Json): string {
  const spec = object["Spec"] as Json | undefined;
  const description = object["Description"] as Json | undefined;
  return text(spec?.["Name"]) || text(description?.["Hostname"]) || text(object["Name"]);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isCollection(name: string): name is Collection {
  return (COLLECTIONS as readonly string[]).includes(name);
}

async function readRequest(request: IncomingMessage): Promise<Received> {
  const url = new URL(request.url ?? "/", "http://docker");
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  const text = Buffer.concat(chunks).toString();
  return {
    method: request.method ?? "GET",
    path: decodeURIComponent(url.pathname).replace(/^\/v\d+\.\d+/, ""),
    query: Object.fromEntries(url.searchParams),
    headers: request.headers,
    body: text === "" ? undefined : (JSON.parse(text) as unknown),
  };
}

function send(response: ServerResponse, request: Received, reply: Reply): void {
  const body = reply.raw ?? (reply.json === undefined ? "" : `${JSON.stringify(reply.json)}\n`);
  response.writeHead(reply.status ?? 200, {
    "Content-Type": reply.raw ? "text/plain" : "application/json",
    "Api-Version": FAKE_VERSION,
    Ostype: "linux",
    "Content-Length": Buffer.byteLength(body),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
