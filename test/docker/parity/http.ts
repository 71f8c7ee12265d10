import http from "node:http";

/** One request as a raw client sends it. */
export interface WireRequest {
  readonly method: string;
  /** With version, if any, and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is; undefined = none. */
  readonly body?: string | undefined;
}

/** What came back. */
export interface WireReply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

const REPLY_TIME_MS = 30_000;

/** Sends one request to the engine on a unix socket and reads the whole reply. */
export function send(socketPath: string, request: WireRequest): Promise<WireReply> {
  const { method, path, body } = request;
  const type = body === undefined ? {} : { "Content-Type": "application/json" };
  const headers = { Host: "docker", ...type, ...request.headers };
  return new Promise((resolve, reject) => {
    const options = { socketPath, method, path, headers, agent: false, timeout: REPLY_TIME_MS };
    const sent = http.request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    sent.once("timeout", () => sent.destroy(new Error(`no reply to ${method} ${path}`)));
    sent.once("error", reject);
    sent.end(body);
  });
}
