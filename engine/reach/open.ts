import { SwarmError } from "../../lib/errors.ts";
import { make, type Fields } from "../../proto/codec.ts";
import type { ReachAsk, ReachInput, ReachOutput } from "../../proto/generated.ts";
import type { ApiRequest } from "../api-request.ts";

/** Header in which a client may say who uses it; for the audit log. */
const CLIENT_HEADER = "x-skep-client";

/** A reach into tasks that is under way. */
export interface OpenReach {
  readonly outputs: AsyncIterable<ReachOutput>;
  /** Gives it what to send after the ask; nothing more than the ask when it is never called. */
  send(inputs: AsyncIterable<ReachInput>): void;
}

async function* nothing(): AsyncIterable<ReachInput> {}

/** Asks for something; nothing happens before the outputs are read. */
export function openReach(request: ApiRequest, fields: Fields<ReachAsk>): OpenReach {
  const client = request.headers[CLIENT_HEADER];
  const named = { client: typeof client === "string" ? client : "" };
  const ask = make("ReachAsk", { ...fields, ...named } as Fields<ReachAsk>);
  let send: (inputs: AsyncIterable<ReachInput>) => void = () => {};
  const rest = new Promise<AsyncIterable<ReachInput>>((resolve) => {
    send = resolve;
  });
  const inputs = async function* (): AsyncIterable<ReachInput> {
    yield { kind: "ask", ask };
    yield* await rest;
  };
  const reach = request.reach();
  const outputs = async function* (): AsyncIterable<ReachOutput> {
    try {
      yield* reach.open(inputs(), request.call);
    } finally {
      send(nothing());
    }
  };
  return { outputs: outputs(), send };
}

/** Waits until the node says that it has begun; what it says then is the rest of `outputs`. */
export async function started({ outputs }: OpenReach): Promise<AsyncIterator<ReachOutput>> {
  const rest = outputs[Symbol.asyncIterator]();
  const first = await rest.next();
  if (first.done || first.value.kind !== "started")
    throw new SwarmError("internal", "the node did not say that it has begun");
  return rest;
}
