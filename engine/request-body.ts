import type { IncomingMessage } from "node:http";
import { JsonObject } from "./json-object.ts";
import { badRequest, RequestError } from "./request-error.ts";

/** Largest body taken: the largest config is 1,000 KiB, a third more in base64. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

// By events: an async iterator costs more than parsing a small body.
function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size <= BODY_BYTES_MAX) chunks.push(chunk);
      else reject(new RequestError(413, `request body larger than ${BODY_BYTES_MAX} bytes`));
    });
    request.once("end", () => resolve(Buffer.concat(chunks)));
    request.once("error", reject);
    request.once("close", () => {
      if (!request.complete) reject(badRequest("the body ended too early"));
    });
  });
}

/**
 * Reads and parses a request's JSON body; an empty one is an empty object. Throws 400 on another
 * content type and on what is not JSON, 413 on too much.
 */
export async function readJsonBody(request: IncomingMessage): Promise<JsonObject> {
  const bytes = await readBytes(request);
  if (bytes.byteLength === 0) return new JsonObject({});
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw badRequest(`unsupported Content-Type header (${type}): must be 'application/json'`);
  return JsonObject.parse(bytes.toString("utf8"));
}
