import type { ApiRequest } from "./api-request.ts";
import { pageNotFound } from "./api-version.ts";
import { translateSlices } from "./slices.ts";

/** A value that is JSON already. */
export class JsonText {
  readonly text: string;

  constructor(value: unknown) {
    this.text = JSON.stringify(value);
  }
}

/** What a route answers. */
export type Reply =
  | { readonly kind: "json"; readonly status: number; readonly value: unknown }
  | {
      readonly kind: "text";
      readonly text: string;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: "empty"; readonly status: number }
  /** A JSON array, written slice by slice; its elements may be {@link JsonText}. */
  | { readonly kind: "list"; readonly slices: AsyncIterable<readonly unknown[]> }
  /** Chunks sent as they come; the headers go out at once. */
  | {
      readonly kind: "stream";
      readonly headers: Readonly<Record<string, string>>;
      readonly chunks: AsyncIterable<Uint8Array | string>;
    };

/** A JSON reply. */
export function json(value: unknown, status = 200): Reply {
  return { kind: "json", status, value };
}

/** A reply without a body. */
export function empty(status = 200): Reply {
  return { kind: "empty", status };
}

/** A JSON array of `items`, each slice of them translated when its turn comes. */
export function list<T>(
  items: readonly T[],
  translate: (slice: readonly T[]) => readonly unknown[] | Promise<readonly unknown[]>,
): Reply {
  return { kind: "list", slices: translateSlices(items, translate) };
}

/** One path and method. */
export interface Route {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** In find-my-way's syntax, without the version. */
  readonly path: string;
  /** Streams have no time limit. */
  readonly streams?: boolean;
  /** What a client is told (503) when the time is over but the work goes on. */
  readonly late?: string;
  readonly handle: (request: ApiRequest) => Promise<Reply> | Reply;
}

/** The value of a path parameter. Throws 404 when it is empty: an empty prefix matches anything. */
export function param(request: ApiRequest, name: string): string {
  const value = request.params[name];
  if (!value) throw pageNotFound();
  return value;
}
