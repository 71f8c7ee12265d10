import { ChannelCredentials, Client } from "@grpc/grpc-js";
import { systemClock, type Cancel } from "../../lib/clock.ts";
import type { TlsMaterial } from "../../proto/node-tls.ts";

/**
 * A call that goes on for longer than this after its deadline is given up: it was seen, once in
 * many restarts of a server, that the deadline of a call did not end it.
 */
const GRACE_MS = 200;

/** A method whose messages are bytes already. */
export interface PutMethod {
  readonly path: string;
  /** The request that writes number `number`. */
  readonly request: (number: number) => Buffer;
}

const same = (bytes: Buffer): Buffer => bytes;

/** Writes to one server of either system: the client costs both alike. */
export class PutClient {
  readonly #client: Client;
  readonly #method: PutMethod;

  /** @param serverName the name in the server's certificate */
  constructor(addr: string, method: PutMethod, tls: TlsMaterial, serverName: string) {
    const { roots, key, certificate } = tls;
    const [ca, secret, chain] = [roots, key, certificate].map((pem) => Buffer.from(pem));
    this.#method = method;
    this.#client = new Client(addr, ChannelCredentials.createSsl(ca, secret, chain), {
      "grpc.ssl_target_name_override": serverName,
      "grpc.use_local_subchannel_pool": 1,
      "grpc.enable_retries": 0,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.min_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 200,
    });
  }

  /** Resolves when the write is confirmed; rejects with grpc-js' error. */
  put(number: number, deadlineMs?: number): Promise<void> {
    const { path, request } = this.#method;
    return this.call(path, request(number), deadlineMs).then(() => {});
  }

  /** Any other unary method. */
  call(path: string, request: Buffer, deadlineMs?: number): Promise<Buffer> {
    const options =
      deadlineMs === undefined ? {} : { deadline: new Date(systemClock.now() + deadlineMs) };
    return new Promise((resolve, reject) => {
      let cancelGuard: Cancel = () => {};
      const call = this.#client.makeUnaryRequest(
        path,
        same,
        same,
        request,
        options,
        (error, answer) => {
          cancelGuard();
          if (error) reject(error);
          else resolve(answer ?? Buffer.alloc(0));
        },
      );
      if (deadlineMs === undefined) return;
      cancelGuard = systemClock.after(deadlineMs + GRACE_MS, () => {
        call.cancel();
        reject(new Error(`${path} did not even end at its deadline`));
      });
    });
  }

  close(): void {
    this.#client.close();
  }
}
