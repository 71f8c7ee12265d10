import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { unreachable } from "../lib/assert.ts";
import { toHttpError } from "./request-error.ts";
import { JsonText, type Reply } from "./route.ts";

type Headers = Readonly<Record<string, string | number>>;

/** Sends the reply to one request. */
export class Responder {
  readonly #response: ServerResponse;
  readonly #headers: () => Headers;
  /** Aborts the sending of streams and lists. */
  readonly #signal: AbortSignal;

  /** `headers`: those that every reply carries, asked for when one is sent. */
  constructor(response: ServerResponse, headers: () => Headers, signal: AbortSignal) {
    this.#response = response;
    this.#headers = headers;
    this.#signal = signal;
  }

  /** Sends an error as `{"message": …}`; when an answer has begun, cuts the connection instead. */
  error(error: unknown): void {
    if (this.#response.writableEnded) return;
    if (this.#response.headersSent) {
      this.#response.destroy();
      return;
    }
    const { status, message } = toHttpError(error);
    this.#json(status, { message });
  }

  /**
   * Sends a route's reply; resolves when all of it is handed to the connection. `started` is called
   * when the first byte goes out. Rejects when the signal aborts or a source fails.
   */
  async reply(reply: Reply, started: () => void): Promise<void> {
    if (reply.kind === "list") return this.#list(reply.slices, started);
    started();
    switch (reply.kind) {
      case "json":
        return this.#json(reply.status, reply.value);
      case "text":
        return this.#text(200, reply.text, reply.headers);
      case "empty":
        return this.#text(reply.status, "");
      case "stream":
        return this.#stream(reply);
      default:
        return unreachable(reply, "reply");
    }
  }

  #text(status: number, text: string, headers?: Headers): void {
    const all: Record<string, string | number> = { ...this.#headers(), ...headers };
    if (status !== 204) all["Content-Length"] = Buffer.byteLength(text);
    this.#response.writeHead(status, all);
    this.#response.end(text);
  }

  /** JSON, with a newline at the end as Go's encoder does. */
  #json(status: number, value: unknown): void {
    const text = `${JSON.stringify(value)}\n`;
    this.#text(status, text, { "Content-Type": "application/json" });
  }

  async #list(slices: AsyncIterable<readonly unknown[]>, started: () => void): Promise<void> {
    const iterator = slices[Symbol.asyncIterator]();
    const first = await iterator.next();
    const second = first.done ? first : await iterator.next();
    started();
    const head = elements(first.done ? [] : first.value);
    const type = { "Content-Type": "application/json" };
    if (second.done) return this.#text(200, `[${head}]\n`, type);
    this.#response.writeHead(200, { ...this.#headers(), ...type });
    await this.#write(`[${head}`);
    let slice: IteratorResult<readonly unknown[]> = second;
    while (!slice.done) {
      await this.#write(`,${elements(slice.value)}`);
      slice = await iterator.next();
    }
    this.#response.end("]\n");
  }

  async #stream({ headers, chunks }: Extract<Reply, { kind: "stream" }>): Promise<void> {
    this.#response.writeHead(200, { ...this.#headers(), ...headers });
    this.#response.flushHeaders();
    for await (const chunk of chunks) await this.#write(chunk);
    this.#response.end();
  }

  async #write(chunk: Uint8Array | string): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#response.write(chunk)) return;
    await once(this.#response, "drain", { signal: this.#signal });
  }
}

function elements(items: readonly unknown[]): string {
  return items
    .map((item) => (item instanceof JsonText ? item.text : JSON.stringify(item)))
    .join(",");
}
