import { Agent, request } from "node:http";

/** Speaks Docker's API over a unix socket, connections kept alive. */
export class HttpClient {
  readonly #agent: Agent;
  readonly #socketPath: string;

  constructor(socketPath: string, connections: number) {
    this.#socketPath = socketPath;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** The answer's JSON, undefined when it has none. Rejects on a status of 400 or above. */
  call(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown> {
    const text = body === undefined ? "" : JSON.stringify(body);
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
    };
    return new Promise((resolve, reject) => {
      const call = request(
        {
          socketPath: this.#socketPath,
          agent: this.#agent,
          method,
          path: `/v1.41${path}`,
          headers,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const answer = Buffer.concat(chunks).toString();
            const status = response.statusCode ?? 0;
            if (status >= 400) reject(new Error(`${method} ${path}: ${status} ${answer}`));
            else
              resolve(
                answer === "" || (!answer.startsWith("{") && !answer.startsWith("["))
                  ? undefined
                  : JSON.parse(answer),
              );
          });
        },
      );
      call.on("error", reject);
      call.end(text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
