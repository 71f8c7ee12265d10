import type { Readable } from "node:stream";
import type Docker from "dockerode";
import type { AuthConfig } from "dockerode";
import { linked, onAbort } from "../../../../lib/abort.ts";
import type { Clock } from "../../../../lib/clock.ts";
import { SwarmError } from "../../../../lib/errors.ts";
import { fromEngine } from "../engine-error.ts";

/** Longest a pull may go without a sign of progress. */
const STALL_LIMIT_MS = 300_000;

/** One line of the engine's report on a pull. */
interface Progress {
  readonly error?: string;
}

/** base64url JSON, as clients put it into X-Registry-Auth. */
function authOf(registryAuth: string): AuthConfig | undefined {
  if (registryAuth === "") return undefined;
  try {
    return JSON.parse(Buffer.from(registryAuth, "base64url").toString("utf8"));
  } catch {
    // The parser's own text would quote from the credentials.
    throw new SwarmError("invalid", "the registry credentials of the service are not JSON");
  }
}

/** Reads the report to its end; throws what went wrong in the midst of it. */
async function readReport(stream: Readable, onProgress: () => void): Promise<void> {
  stream.setEncoding("utf8");
  let rest = "";
  for await (const chunk of stream) {
    onProgress();
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) check(line);
  }
  check(rest);
}

function check(line: string): void {
  if (line.trim() === "") return;
  const { error } = JSON.parse(line) as Progress;
  if (error) throw new SwarmError("not-found", error);
}

/**
 * Has the engine pull an image. When `signal` aborts, the engine breaks the pull off as well. Throws
 * `not-found` with the registry's reason; `unavailable` when it is the engine that does not answer.
 */
export async function pullImage(
  image: string,
  registryAuth: string,
  { docker, clock }: { readonly docker: Docker; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  using link = linked(signal);
  const late = new SwarmError("deadline", `no progress for ${STALL_LIMIT_MS / 1_000} s`);
  const arm = (): (() => void) => clock.after(STALL_LIMIT_MS, () => link.abort(late));
  let disarm = arm();
  try {
    const authconfig = authOf(registryAuth);
    const options = { abortSignal: link.signal, ...(authconfig && { authconfig }) };
    const stream = (await docker.pull(image, options)) as Readable;
    const release = onAbort(link.signal, () => stream.destroy());
    try {
      await readReport(stream, () => {
        disarm();
        disarm = arm();
      });
      link.signal.throwIfAborted();
    } finally {
      release();
      stream.destroy();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw refused(image, fromEngine(link.signal.aborted ? link.signal.reason : error));
  } finally {
    disarm();
  }
}

function refused(image: string, cause: SwarmError): SwarmError {
  if (cause.code === "unavailable" || cause.code === "invalid") return cause;
  const message = `No such image: ${image} (pulling it failed: ${cause.message})`;
  return new SwarmError("not-found", message, { cause });
}
