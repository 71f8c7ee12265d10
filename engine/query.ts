import { badRequest } from "./request-error.ts";

const FALSE_TEXTS = new Set(["", "0", "no", "false", "none"]);
/** Flags whose refusal Docker ends with what its parser said. */
const WITH_CAUSE = new Set(["status", "verbose", "insertDefaults"]);
const GO_TRUE = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const GO_FALSE = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/** A lenient boolean (`force`, `follow`, `stdout` …): everything but Docker's words for no. */
export function looseFlag(query: URLSearchParams, key: string): boolean {
  return !FALSE_TEXTS.has((query.get(key) ?? "").trim().toLowerCase());
}

/** A strict boolean (`status`, `insertDefaults`, `rotate…`), as Go's ParseBool. Throws 400. */
export function strictFlag(query: URLSearchParams, key: string): boolean {
  const text = query.get(key) ?? "";
  if (text === "" || GO_FALSE.has(text)) return false;
  if (GO_TRUE.has(text)) return true;
  const cause = `: strconv.ParseBool: parsing "${text}": invalid syntax`;
  throw badRequest(`invalid value for ${key}: ${text}${WITH_CAUSE.has(key) ? cause : ""}`);
}

/** The version of the object that an update was made from. Throws 400 unless it is a number. */
export function versionOf(query: URLSearchParams, what: string): { readonly index: number } {
  const text = query.get("version") ?? "";
  const index = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(index)) return { index };
  if (what === "secret" || what === "config") throw badRequest(`invalid ${what} version`);
  throw badRequest(
    `invalid ${what} version '${text}': strconv.ParseUint: parsing "${text}": invalid syntax`,
  );
}

/** Cuts a request's target into path and query. */
export function splitTarget(url: string): {
  readonly path: string;
  readonly query: URLSearchParams;
} {
  const at = url.indexOf("?");
  if (at < 0) return { path: url, query: new URLSearchParams() };
  return { path: url.slice(0, at), query: new URLSearchParams(url.slice(at)) };
}
