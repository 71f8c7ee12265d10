import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { cancelled } from "../lib/abort.ts";
import type { Clock } from "../lib/clock.ts";
import type { ApiRequest, Received } from "./api-request.ts";
import { pageNotFound, splitVersion } from "./api-version.ts";
import { JsonObject } from "./json-object.ts";
import type { Passthrough } from "./local/passthrough.ts";
import { splitTarget } from "./query.ts";
import { badRequest, RequestError, toHttpError } from "./request-error.ts";

/** Largest body of a request that asks for a connection of its own. */
const BODY_BYTES_MAX = 256 * 1024;
/** How long a client may take to close its side after ours. */
const CLOSE_WAIT_MS = 2_000;

/** What takes a connection over once the client was told that it has it. */
export interface Takeover {
  /** Of what then goes over it, for the header. */
  readonly contentType: string;
  /** Uses the connection to its end; the caller closes it. */
  run(socket: Duplex, signal: AbortSignal): Promise<void>;
}

/** A path where a request takes its connection over, as Docker's attach and exec do. */
export interface UpgradeRoute {
  readonly method: "POST";
  /** In find-my-way's syntax, without the version. */
  readonly path: string;
  /** Everything that may fail with an HTTP status comes before the takeover. */
  readonly open: (request: ApiRequest) => Promise<Takeover>;
}

/** A request with its connection, as Node hands them over. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came after the headers so far. */
  readonly head: Buffer;
}

/** Reads the body that such a request may have; the connection is left at its end. */
async function readBody({ request, socket, head }: Upgrade): Promise<JsonObject> {
  const length = Number(request.headers["content-length"] ?? 0);
  if (request.headers["transfer-encoding"] !== undefined || !Number.isSafeInteger(length))
    throw badRequest("a request for a connection of its own needs a Content-Length");
  if (length > BODY_BYTES_MAX)
    throw new RequestError(413, `request body larger than ${BODY_BYTES_MAX} bytes`);
  if (head.length > 0) socket.unshift(head);
  let bytes = Buffer.alloc(0);
  while (bytes.length < length) {
    const chunk = socket.read() as Buffer | null;
    if (chunk) bytes = Buffer.concat([bytes, chunk]);
    else await readable(socket);
  }
  if (bytes.length > length) socket.unshift(bytes.subarray(length));
  const text = bytes.subarray(0, length).toString("utf8");
  return text === "" ? new JsonObject({}) : JsonObject.parse(text);
}

function readable(socket: Duplex): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error): void => {
      for (const [event, listener] of listeners) socket.off(event, listener);
      if (error) reject(error);
      else resolve();
    };
    const ended = (): void => done(badRequest("the body ended too early"));
    const listeners: readonly (readonly [string, () => void])[] = [
      ["readable", () => done()],
      ["end", ended],
      ["close", ended],
    ];
    for (const [event, listener] of listeners) socket.on(event, listener);
  });
}

type Headers = Readonly<Record<string, string>>;

function replyHead(status: number, headers: Headers): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const reason = status === 101 ? "UPGRADED" : (STATUS_CODES[status] ?? "");
  return `HTTP/1.1 ${status} ${reason}\r\n${lines.join("")}\r\n`;
}

/** Answers a request whose connection is in our hands with an error, and closes it. */
function refuse(socket: Duplex, error: unknown, headers: Headers): void {
  const { status, message } = toHttpError(error);
  const body = `${JSON.stringify({ message })}\n`;
  const all = {
    ...headers,
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(body)),
    Connection: "close",
  };
  socket.end(replyHead(status, all) + body);
  socket.resume();
}

/** What answering such requests needs of the server. */
export interface UpgradesModules {
  readonly clock: Pick<Clock, "after">;
  /** Takes over what no route here is for; undefined where there is no local engine. */
  readonly passthrough?: Pick<Passthrough, "upgrade"> | undefined;
  readonly find: (method: string, path: string) => Found | undefined;
  /** Headers of every reply. */
  readonly headers: () => Headers;
  readonly received: (received: Received, signal: AbortSignal) => ApiRequest;
  readonly report: (request: IncomingMessage, error: unknown, signal: AbortSignal) => void;
}

interface Found {
  readonly route: UpgradeRoute;
  readonly params: Readonly<Record<string, string | undefined>>;
}

/** The requests that take their connection over, from their headers to the connection's end. */
export class Upgrades {
  readonly #modules: UpgradesModules;
  readonly #running = new Set<AbortController>();

  constructor(modules: UpgradesModules) {
    this.#modules = modules;
  }

  /** Answers one request; never rejects. */
  async take(upgrade: Upgrade): Promise<void> {
    const { request, socket, head } = upgrade;
    const { find, passthrough, headers, report } = this.#modules;
    const abort = new AbortController();
    try {
      const { path, query } = splitTarget(request.url ?? "/");
      const split = splitVersion(path);
      const found = find(request.method ?? "", split.path);
      if (!found && passthrough) return passthrough.upgrade(request, socket, head);
      if (!found) throw pageNotFound();
      await this.#serve(upgrade, found, { version: split.version, query }, abort);
    } catch (error) {
      report(request, error, abort.signal);
      if (abort.signal.aborted) socket.destroy();
      else refuse(socket, error, headers());
    }
  }

  /** Ends all that are under way. */
  close(reason: unknown): void {
    for (const abort of this.#running) abort.abort(reason);
  }

  async #serve(
    upgrade: Upgrade,
    { route, params }: Found,
    target: Pick<Received, "version" | "query">,
    abort: AbortController,
  ): Promise<void> {
    const { socket, request } = upgrade;
    const { received, headers, report } = this.#modules;
    this.#running.add(abort);
    // An error comes with the close, which is what we listen for.
    socket.on("error", () => {});
    socket.once("close", () => abort.abort(cancelled("the client went away")));
    try {
      const body = await readBody(upgrade);
      const all = { ...target, params, headers: request.headers, body };
      const takeover = await route.open(received(all, abort.signal));
      abort.signal.throwIfAborted();
      const type = { "Content-Type": takeover.contentType, Connection: "Upgrade", Upgrade: "tcp" };
      socket.write(replyHead(101, { ...headers(), ...type }));
      await this.#run(takeover, upgrade, abort.signal, report);
    } finally {
      this.#running.delete(abort);
    }
  }

  /** From here on the client hears of a failure by the end of its connection only. */
  async #run(
    takeover: Takeover,
    { socket, request }: Upgrade,
    signal: AbortSignal,
    report: UpgradesModules["report"],
  ): Promise<void> {
    try {
      await takeover.run(socket, signal);
      await closed(socket, this.#modules.clock);
    } catch (error) {
      report(request, error, signal);
      socket.destroy();
    }
  }
}

/** Ends our side and waits, not for long, until the client has ended its own. */
async function closed(socket: Duplex, clock: Pick<Clock, "after">): Promise<void> {
  if (socket.destroyed) return;
  const done = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.end();
  socket.resume();
  const cancel = clock.after(CLOSE_WAIT_MS, () => socket.destroy());
  await done;
  cancel();
}
