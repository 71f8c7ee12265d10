import { badRequest, RequestError } from "./request-error.ts";

/** A version of Docker's API, `major * 1000 + minor`; plain numbers compare. */
export type ApiVersion = number;

/** Newest and oldest version spoken. Requests without a version mean the newest. */
export const API_VERSION_MAX: ApiVersion = 1047;
export const API_VERSION_MIN: ApiVersion = 1024;

/** `1.47` and the like. */
export function formatVersion(version: ApiVersion): string {
  return `${Math.floor(version / 1000)}.${version % 1000}`;
}

/** `1.47` as a number; undefined for any other text. */
export function parseVersion(text: string): ApiVersion | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})$/.exec(text);
  return match ? Number(match[1]) * 1000 + Number(match[2]) : undefined;
}

/** `path` with a version that is not above `max`. */
export function withVersion(path: string, max: ApiVersion): string {
  const match = /^\/v(\d{1,3}\.\d{1,3})(\/.*)$/s.exec(path);
  if (!match || (parseVersion(match[1] ?? "") ?? 0) <= max) return path;
  return `/v${formatVersion(max)}${match[2]}`;
}

/**
 * Splits `/v1.41/nodes` into version and path. A path without a version means the newest. Throws
 * 404 for a malformed version and 400, with the texts clients show, for one out of range.
 */
export function splitVersion(path: string): {
  readonly version: ApiVersion;
  readonly path: string;
} {
  const match = /^\/v(\d{1,3})\.(\d{1,3})(\/.*)$/.exec(path);
  if (!match) return { version: API_VERSION_MAX, path };
  const version = Number(match[1]) * 1000 + Number(match[2]);
  const asked = `${Number(match[1])}.${Number(match[2])}`;
  if (version > API_VERSION_MAX)
    throw badRequest(
      `client version ${asked} is too new. Maximum supported API version is ` +
        formatVersion(API_VERSION_MAX),
    );
  if (version < API_VERSION_MIN)
    throw badRequest(
      `client version ${asked} is too old. Minimum supported API version is ` +
        `${formatVersion(API_VERSION_MIN)}, please upgrade your client to a newer version`,
    );
  return { version, path: match[3] ?? "/" };
}

/** What any unknown path or method answers. */
export function pageNotFound(): RequestError {
  return new RequestError(404, "page not found");
}
