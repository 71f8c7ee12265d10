import http from "node:http";

/** An answer of the HTTP API that is no success. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface NodeJson {
  readonly ID: string;
  readonly Description: { readonly Hostname: string };
  readonly Status: { readonly State: string };
  readonly ManagerStatus?: { readonly Leader?: boolean; readonly Reachability: string };
}

export interface TaskJson {
  readonly ID: string;
  readonly Slot?: number;
  readonly NodeID?: string;
  readonly DesiredState: string;
  readonly Status: { readonly State: string; readonly Err?: string };
  readonly Spec: { readonly ForceUpdate?: number };
}

export interface ServiceJson {
  readonly ID: string;
  readonly UpdateStatus?: { readonly State: string; readonly Message: string };
}

/** How long one call may take, milliseconds. */
const CALL_TIMEOUT_MS = 10_000;

/**
 * One call of a node's HTTP API over its socket.
 * @throws ApiError for any answer but 2xx, or the socket's error
 */
export function call<T>(
  socketPath: string,
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
  timeoutMs = CALL_TIMEOUT_MS,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const headers = payload
      ? { "content-type": "application/json", "content-length": Buffer.byteLength(payload) }
      : {};
    const request = http.request({ socketPath, method, path, headers, timeout: timeoutMs });
    request.on("timeout", () => request.destroy(new Error(`${method} ${path} timed out`)));
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("error", reject);
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        const status = response.statusCode ?? 0;
        const json = text === "" ? undefined : JSON.parse(text);
        if (status >= 200 && status < 300) resolve(json as T);
        else reject(new ApiError(status, json?.message ?? `HTTP ${status}`));
      });
    });
    request.end(payload);
  });
}

/** `filters=` of a list call. */
export const filters = (wanted: Readonly<Record<string, readonly string[]>>): string =>
  `filters=${encodeURIComponent(JSON.stringify(wanted))}`;
