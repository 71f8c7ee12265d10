import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { eventually } from "../worker/runtime/wait.ts";

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG = "application/vnd.docker.container.image.v1+json";
const LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";

const TAR_BLOCK_BYTES = 512;
let registries = 0;

/** Who may pull from a registry that asks for a name. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** An image in the registry. */
export interface Pushed {
  /** Of the manifest: what a reference by digest names. */
  readonly digest: string;
  /** Of the configuration: the engine's id of the image. */
  readonly id: string;
}

function digestOf(data: Uint8Array): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}

/**
 * A registry of the tests' own on loopback, where engines ask for no TLS. Serves what a pull needs of
 * the registry's API, version 2, and counts what it is asked.
 */
export class TestRegistry {
  /** Requests for manifests, as `name:reference`. */
  readonly asked: string[] = [];
  /** Everything is answered with 500 while this is set. */
  broken = false;
  /** Of the files of images no byte comes while this is set. */
  hold = false;
  #held = 0;
  readonly #layer: Uint8Array;
  readonly #diffId: string;
  readonly #credentials: Credentials | null;
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #manifests = new Map<string, Uint8Array>();
  readonly #server = createServer((request, response) => this.#answer(request, response));

  private constructor(tar: string, credentials: Credentials | null) {
    // Padded so that no engine has it from another registry already: blocks of zeros end a tar file.
    const data = Buffer.concat([readFileSync(tar), Buffer.alloc(TAR_BLOCK_BYTES * ++registries)]);
    this.#layer = gzipSync(data);
    this.#diffId = digestOf(data);
    this.#credentials = credentials;
  }

  /** Images of this registry have the files of `tar`. Null credentials: anybody may pull. */
  static async open(tar: string, credentials: Credentials | null): Promise<TestRegistry> {
    const registry = new TestRegistry(tar, credentials);
    registry.#server.listen(0, "127.0.0.1");
    await once(registry.#server, "listening");
    return registry;
  }

  /** `127.0.0.1:port`, the first part of its images' names. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Puts an image there; one with another `release` is another image. */
  push(name: string, tag: string, release: string): Pushed {
    const config = Buffer.from(
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        config: { Env: [`RELEASE=${release}`], Cmd: ["sleep", "1000"] },
        rootfs: { type: "layers", diff_ids: [this.#diffId] },
        history: [{ created: "2020-01-01T00:00:00Z", created_by: `${this.host} ${release}` }],
      }),
    );
    const part = (mediaType: string, data: Uint8Array) => {
      const digest = digestOf(data);
      this.#blobs.set(`${name}@${digest}`, data);
      return { mediaType, size: data.length, digest };
    };
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: part(CONFIG, config),
        layers: [part(LAYER, this.#layer)],
      }),
    );
    const digest = digestOf(manifest);
    this.#manifests.set(`${name}:${tag}`, manifest);
    this.#manifests.set(`${name}:${digest}`, manifest);
    return { digest, id: digestOf(config) };
  }

  /** Resolves when a request is held. */
  async reached(): Promise<void> {
    await eventually(() => this.#held > 0);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { url = "", method, headers } = request;
    if (this.broken) return void response.writeHead(500).end();
    if (!this.#isAllowed(headers.authorization))
      return void response.writeHead(401, { "www-authenticate": 'Basic realm="tests"' }).end();
    const [, name = "", kind, reference = ""] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url) ?? [];
    if (kind === "manifests") this.asked.push(`${name}:${reference}`);
    const found =
      kind === "blobs"
        ? this.#blobs.get(`${name}@${reference}`)
        : this.#manifests.get(`${name}:${reference}`);
    if (url === "/v2/") return void response.writeHead(200).end("{}");
    if (!found) {
      const errors = [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }];
      response.writeHead(404, { "content-type": "application/json" });
      return void response.end(JSON.stringify({ errors }));
    }
    response.writeHead(200, {
      "content-type": kind === "manifests" ? MANIFEST : "application/octet-stream",
      "content-length": found.length,
      "docker-content-digest": digestOf(found),
    });
    if (this.hold && found === this.#layer) {
      response.flushHeaders();
      this.#held++;
      return;
    }
    response.end(method === "HEAD" ? undefined : found);
  }

  #isAllowed(authorization = ""): boolean {
    if (!this.#credentials) return true;
    const { username, password } = this.#credentials;
    const wanted = Buffer.from(`${username}:${password}`).toString("base64");
    return authorization === `Basic ${wanted}`;
  }
}
