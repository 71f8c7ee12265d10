import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { openEngine, type Engine } from "../../engine/server.ts";
import type { EngineModules } from "../../engine/modules.ts";
import { systemClock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import { SeededRandom } from "../../lib/random.ts";
import { FakeControl } from "../fakes/control.ts";
import { FakeSwarmNode } from "../fakes/swarm-node.ts";

/** A reply as it came over the wire. */
export interface RawReply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** The parsed body. */
  json(): never;
  /** The parsed error body's text. */
  message(): string;
}

/** The HTTP API on a socket in a directory of its own, over fakes. */
export class Rig {
  readonly control = new FakeControl();
  readonly node = new FakeSwarmNode();
  readonly #directory: string;
  readonly #engine: Engine;

  private constructor(directory: string, engine: Engine, parts: Pick<Rig, "control" | "node">) {
    this.#directory = directory;
    this.#engine = engine;
    this.control = parts.control;
    this.node = parts.node;
  }

  static async open(overrides: Partial<EngineModules> = {}): Promise<Rig> {
    const directory = await mkdtemp(join(tmpdir(), "skep-engine-"));
    const control = new FakeControl();
    const node = new FakeSwarmNode();
    const engine = await openEngine(
      { hosts: [`unix://${join(directory, "s.sock")}`] },
      {
        control: () => (node.state.controlAvailable ? control.api() : undefined),
        logs: () => undefined,
        reach: () => undefined,
        node,
        clock: systemClock,
        random: new SeededRandom("rig"),
        log: silentLog,
        ...overrides,
      },
    );
    return new Rig(directory, engine, { control, node });
  }

  get socketPath(): string {
    return join(this.#directory, "s.sock");
  }

  async close(): Promise<void> {
    await this.#engine.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  docker(): Docker {
    return new Docker({ socketPath: this.socketPath });
  }

  /** One request; `body` is sent as JSON unless it is a string already. */
  request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<RawReply> {
    const payload = typeof body === "string" ? body : body && JSON.stringify(body);
    const type: Record<string, string> = payload ? { "Content-Type": "application/json" } : {};
    return new Promise((resolve, reject) => {
      const options = { socketPath: this.socketPath, method, path, agent: false };
      const request = http.request({ ...options, headers: { ...type, ...headers } }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => resolve(toReply(response, Buffer.concat(chunks))));
      });
      request.on("error", reject);
      request.end(payload);
    });
  }

  get(path: string): Promise<RawReply> {
    return this.request("GET", path);
  }

  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<RawReply> {
    return this.request("POST", path, body, headers);
  }

  /** Starts a GET whose body keeps coming; resolves with the response when its headers are in. */
  stream(path: string): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = http.get({ socketPath: this.socketPath, path, agent: false }, resolve);
      request.on("error", reject);
    });
  }
}

function toReply(response: http.IncomingMessage, bytes: Buffer): RawReply {
  const text = bytes.toString("utf8");
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    bytes,
    text,
    json: () => JSON.parse(text) as never,
    message: () => {
      const body: unknown = JSON.parse(text);
      assert.deepEqual(Object.keys(body as object), ["message"]);
      return (body as { message: string }).message;
    },
  };
}
