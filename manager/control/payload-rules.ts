import { isDeepStrictEqual } from "node:util";
import { SwarmError } from "../../lib/errors.ts";
import type { Annotations, Service } from "../../proto/generated.ts";
import { invalid } from "./validate/check.ts";

type Noun = "secret" | "config";

interface PayloadSpec {
  readonly annotations: Annotations | null;
  readonly data: Uint8Array;
}

/**
 * The stored spec with the labels of `wanted`. Everything else is fixed at creation: services are
 * given a new secret or config under a new name instead. Data may be left out.
 */
export function relabel<S extends PayloadSpec>(stored: S, wanted: S | null): S {
  const data = wanted && wanted.data.length > 0 ? wanted.data : stored.data;
  const labels = wanted?.annotations?.labels ?? {};
  const annotations = stored.annotations && { ...stored.annotations, labels };
  const updated = { ...stored, annotations };
  if (!wanted || !isDeepStrictEqual(plain({ ...wanted, data }), plain(updated)))
    throw invalid("only updates to Labels are allowed");
  return updated;
}

/** Bytes compare by content, whichever kind of array holds them. */
function plain<S extends PayloadSpec>(spec: S): object {
  return { ...spec, data: Buffer.from(spec.data).toString("base64") };
}

/** The error of a name that is taken. */
export function nameTaken(noun: Noun, name: string): SwarmError {
  return new SwarmError("exists", `${noun} ${name} already exists`);
}

/** Refuses to remove what services use, and names them. */
export function checkUnused(noun: Noun, name: string, users: Iterable<Service>): void {
  const names = [...users].map((service) => service.spec?.annotations?.name ?? service.id);
  if (names.length === 0) return;
  const services = names.length === 1 ? "service" : "services";
  throw invalid(`${noun} '${name}' is in use by the following ${services}: ${names.join(", ")}`);
}
