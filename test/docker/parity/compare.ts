import { isDeepStrictEqual } from "node:util";
import type { Normal } from "./normalise.ts";
import { fields } from "./normalise.ts";
import type { Step } from "./step.ts";

/** A refusal's text without the look of a gRPC error and without regard to case. */
function plain(body: unknown): string {
  const { message = "" } = (body ?? {}) as { readonly message?: string };
  return message.replace(/^rpc error: code = \w+ desc = /, "").toLowerCase();
}

/** Texts of mistakes that Go's and our parser put differently; the status tells enough. */
const PARSER = /^(json: |invalid json|unexpected e|invalid character|got eof|strconv|expanding)/;

function sameStatus(docker: number, skep: number): boolean {
  // What the client did wrong is a 500 with Docker 20.10 here and there; later engines and Skep
  // say 4xx, and 503 where there is no swarm.
  return docker === skep || (docker === 500 && ((skep >= 400 && skep < 500) || skep === 503));
}

function sameRefusal(docker: Normal, skep: Normal): boolean {
  const [theirs, ours] = [plain(docker.body), plain(skep.body)];
  return docker.status === 500 || PARSER.test(theirs) || ours.startsWith(theirs);
}

/** What is different about the two replies; undefined = nothing that matters. */
export function difference(step: Step, docker: Normal, skep: Normal): string | undefined {
  const told = `\n  docker ${JSON.stringify(docker)}\n  skep   ${JSON.stringify(skep)}`;
  if (step.differs) {
    if (docker.status === skep.status) return `no longer differs (${step.differs.why})${told}`;
    return skep.status === step.differs.status ? undefined : `another status${told}`;
  }
  if (!sameStatus(docker.status, skep.status)) return `another status${told}`;
  if (step.compare === "nothing") return undefined;
  if (docker.status >= 400) return sameRefusal(docker, skep) ? undefined : `another refusal${told}`;
  const pick = step.compare === "fields" ? fields : (body: unknown): unknown => body;
  if (isDeepStrictEqual(pick(docker.body), pick(skep.body))) return undefined;
  return `another body${told}`;
}
