import { codec } from "./codec.ts";
import type { Messages } from "./generated.ts";

/** One RPC in the shape grpc-js takes. Message types are erased here; {@link RpcService} has them. */
export interface Method {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (message: unknown) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => unknown;
  readonly responseSerialize: (message: unknown) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => unknown;
}

declare const API: unique symbol;

/** A generated service: its methods, and as a type the interface that both ends speak. */
export interface RpcService<Api> {
  readonly methods: Readonly<Record<string, Method>>;
  readonly [API]?: Api;
}

/** Describes an RPC. Codecs are looked up at the first call, so that importing costs nothing. */
export function method(
  path: string,
  request: keyof Messages,
  response: keyof Messages,
  requestStream: boolean,
  responseStream: boolean,
): Method {
  return {
    path: `/${path}`,
    requestStream,
    responseStream,
    requestSerialize: (message) => codec(request).encode(message as never),
    requestDeserialize: (bytes) => codec(request).decode(bytes),
    responseSerialize: (message) => codec(response).encode(message as never),
    responseDeserialize: (bytes) => codec(response).decode(bytes),
  };
}
