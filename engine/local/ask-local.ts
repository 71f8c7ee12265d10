import type { ApiRequest } from "../api-request.ts";
import { formatVersion } from "../api-version.ts";
import { json, type Reply } from "../route.ts";
import { refusalOf } from "./local-engine.ts";
import { NoEngineError } from "./local-paths.ts";
import type { LocalCall, LocalReply } from "./passthrough.ts";

function targetOf({ query, version }: ApiRequest, path: string): string {
  const text = query.toString();
  return `/v${formatVersion(version)}${path}${text && `?${text}`}`;
}

/**
 * Asks the local engine on behalf of `request`, in the client's API version and with its query;
 * undefined where no engine answers.
 */
export async function askLocal(
  request: ApiRequest,
  { method, path, body }: LocalCall,
): Promise<LocalReply | undefined> {
  const { passthrough } = request.modules;
  if (!passthrough) return undefined;
  const target = targetOf(request, path);
  try {
    return await passthrough.call({ method, path: target, body }, request.call.signal);
  } catch (error) {
    if (error instanceof NoEngineError) return undefined;
    throw error;
  }
}

/** The local engine's list, empty where no engine answers. Throws what it refused. */
export async function listLocal(request: ApiRequest, path: string): Promise<readonly unknown[]> {
  const reply = await askLocal(request, { method: "GET", path });
  if (reply === undefined) return [];
  refuseLocal(reply);
  return Array.isArray(reply.body) ? reply.body : [];
}

/** Throws the refusal that `reply` is, if it is one. */
export function refuseLocal(reply: LocalReply): void {
  if (reply.status >= 400) throw refusalOf(reply);
}

/** A stream of the local engine for the same client; empty where no engine answers. */
export async function* streamLocal(
  request: ApiRequest,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { passthrough } = request.modules;
  const target = targetOf(request, path);
  try {
    if (passthrough) yield* passthrough.stream({ method: "GET", path: target }, signal);
  } catch (error) {
    if (!(error instanceof NoEngineError)) throw error;
  }
}

/** `reply` as it came. */
export function passOn({ status, body }: LocalReply): Reply {
  return body === undefined ? { kind: "empty", status } : json(body, status);
}
