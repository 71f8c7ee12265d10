import { SwarmError, type ErrorCode } from "../../lib/errors.ts";
import type { Endpoint } from "./endpoint.ts";

/** HTTP status → error code, for what commands tell apart. */
const CODE_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: "invalid",
  401: "unauthenticated",
  403: "denied",
  404: "not-found",
  409: "exists",
  501: "unimplemented",
  503: "unavailable",
  504: "deadline",
};

/** Docker answers these with status 500: the text is all there is to know them by. */
const CODES_BY_TEXT: readonly (readonly [RegExp, ErrorCode])[] = [
  [/update out of sequence/, "out-of-sequence"],
  [/does not have a leader/, "no-leader"],
  [/context deadline exceeded/, "deadline"],
];

/** Why a socket does not answer, in words. */
const REASON_BY_ERRNO: Readonly<Record<string, string>> = {
  ENOENT: "the socket does not exist",
  ENOTDIR: "the socket does not exist",
  ECONNREFUSED: "nothing listens on it",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOTFOUND: "the host name is unknown",
  EHOSTUNREACH: "the host can't be reached",
  ETIMEDOUT: "it does not answer",
  ECONNRESET: "the connection was cut",
};

/** Turns what the client throws into an error whose message names the cause and the next step. */
export function engineError(error: unknown, endpoint: Endpoint): SwarmError {
  const failure = error as {
    readonly statusCode?: number;
    readonly json?: { readonly message?: string };
    readonly code?: string;
    readonly message?: string;
  };
  if (failure.statusCode !== undefined) {
    const body = failure.json ?? streamBody(failure.message ?? "");
    return answered(failure.statusCode, body, error);
  }
  return unreachable(endpoint, failure.code ?? "", error);
}

/** Of a call for a stream, the client keeps the engine's words in its own message only. */
function streamBody(text: string): { readonly message: string } | undefined {
  const message = /^\(HTTP code \d+\) unexpected - (.+) $/s.exec(text)?.[1];
  return message === undefined ? undefined : { message };
}

function answered(
  status: number,
  body: { readonly message?: string } | undefined,
  cause: unknown,
): SwarmError {
  const text = body?.message ?? (typeof body === "string" ? String(body) : `HTTP status ${status}`);
  const message = withNextStep(inOurWords(text));
  const told = CODES_BY_TEXT.find(([pattern]) => pattern.test(text))?.[1];
  const code = told ?? CODE_BY_STATUS[status] ?? "internal";
  return new SwarmError(code, message, { cause });
}

/**
 * Engine texts carry a gRPC look that tells a person nothing, and name docker's commands because
 * docker's clients print them as they are.
 */
function inOurWords(text: string): string {
  return text
    .trim()
    .replace(/^rpc error: code = \w+ desc = /, "")
    .replace(/["`]docker swarm ([a-z-]+)/g, (quoted, verb) => `${quoted[0]}swarm ${verb}`)
    .replace(
      /update out of sequence$/,
      "update out of sequence: it was changed by someone else meanwhile. Try again",
    );
}

/** What to do about refusals that leave it open. */
const NEXT_STEPS: readonly (readonly [RegExp, string])[] = [
  [/must be demoted to worker before removal$/, ': "swarm node demote" does that'],
  [/is not down and can't be removed$/, ": stop it first, or use --force"],
  [
    /service \S+ already exists$/,
    ': choose another name, or change it with "swarm service update"',
  ],
  [/(?:secret|config|network) \S+ already exists$/, ": choose another name, or remove it first"],
  [/does not have a previous spec$/, ": it was never updated, there is nothing to go back to"],
];

function withNextStep(message: string): string {
  const step = NEXT_STEPS.find(([pattern]) => pattern.test(message));
  return step ? `${message}${step[1]}` : message;
}

function unreachable(endpoint: Endpoint, errno: string, cause: unknown): SwarmError {
  const reason = REASON_BY_ERRNO[errno] ?? (cause instanceof Error ? cause.message : errno);
  const denied = errno === "EACCES" || errno === "EPERM";
  const next = denied
    ? "Run the command as the user that started swarmd, or as root"
    : 'Start it with "swarmd" (a new node: "swarm init" or "swarm join"), or name another with ' +
      "-H or SWARM_HOST";
  return new SwarmError(
    "unavailable",
    `cannot reach swarmd at ${endpoint.url}: ${reason}. ${next}`,
    { cause, details: { errno } },
  );
}
