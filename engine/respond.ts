import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { unreachable } from "../lib/assert.ts";
import { toHttpError } from "./request-error.ts";
import type { Reply } from "./route.ts";

function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(text) });
  response.end(text);
}

/** Sends JSON, with a newline at the end as Go's encoder does. */
function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendText(response, status, "application/json", `${JSON.stringify(value)}\n`);
}

/** Sends an error as `{"message": …}`; when an answer has begun, cuts the connection instead. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, message } = toHttpError(error);
  sendJson(response, status, { message });
}

async function write(
  response: ServerResponse,
  chunk: Uint8Array | string,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  if (!response.write(chunk)) await once(response, "drain", { signal });
}

function elements(items: readonly unknown[]): string {
  return items.map((item) => JSON.stringify(item)).join(",");
}

async function sendList(
  response: ServerResponse,
  slices: AsyncIterable<readonly unknown[]>,
  started: () => void,
  signal: AbortSignal,
): Promise<void> {
  const iterator = slices[Symbol.asyncIterator]();
  const first = await iterator.next();
  const second = first.done ? first : await iterator.next();
  started();
  const head = elements(first.done ? [] : first.value);
  if (second.done) {
    sendText(response, 200, "application/json", `[${head}]\n`);
    return;
  }
  response.writeHead(200, { "Content-Type": "application/json" });
  await write(response, `[${head}`, signal);
  let slice: IteratorResult<readonly unknown[]> = second;
  while (!slice.done) {
    await write(response, `,${elements(slice.value)}`, signal);
    slice = await iterator.next();
  }
  response.end("]\n");
}

async function sendStream(
  response: ServerResponse,
  reply: Extract<Reply, { kind: "stream" }>,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, reply.headers);
  response.flushHeaders();
  for await (const chunk of reply.chunks) await write(response, chunk, signal);
  response.end();
}

/**
 * Sends a route's reply; resolves when all of it is handed to the connection. `started` is called
 * when the first byte goes out. Rejects when `signal` aborts or a source fails.
 */
export async function sendReply(
  response: ServerResponse,
  reply: Reply,
  started: () => void,
  signal: AbortSignal,
): Promise<void> {
  if (reply.kind === "list") return sendList(response, reply.slices, started, signal);
  started();
  switch (reply.kind) {
    case "json":
      return sendJson(response, reply.status, reply.value);
    case "text":
      response.writeHead(200, {
        ...reply.headers,
        "Content-Length": Buffer.byteLength(reply.text),
      });
      response.end(reply.text);
      return;
    case "empty":
      if (reply.status !== 204) response.setHeader("Content-Length", 0);
      response.writeHead(reply.status);
      response.end();
      return;
    case "stream":
      return sendStream(response, reply, signal);
    default:
      return unreachable(reply, "reply");
  }
}
