import type { Annotations } from "../../../proto/generated.ts";
import { invalid } from "./check.ts";

/** Services and networks: usable as a label in the Domain Name System (RFC 1035 §2.3.1). */
const DNS_NAME = /^[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*$/;
const DNS_NAME_LENGTH_MAX = 63;
/** Secrets and configs: usable as the name of a file. */
const FILE_NAME = /^[a-zA-Z0-9]+(?:[a-zA-Z0-9-_.]*[a-zA-Z0-9])?$/;
const FILE_NAME_LENGTH_MAX = 64;

/**
 * The annotations of an object that must have a name.
 * @throws SwarmError `invalid`
 */
export function requireName(annotations: Annotations | null): Annotations {
  if (!annotations || annotations.name === "") throw invalid("meta: name must be provided");
  return annotations;
}

/** Checks the name of a service or a network. */
export function checkDnsName(annotations: Annotations | null): Annotations {
  const named = requireName(annotations);
  // The length first: the pattern below backtracks on long hostile names.
  if (named.name.length > DNS_NAME_LENGTH_MAX)
    throw invalid(`name must be ${DNS_NAME_LENGTH_MAX} characters or fewer`);
  if (!DNS_NAME.test(named.name)) throw invalid("name must be valid as a DNS name component");
  return named;
}

/** Checks the name of a secret or a config. */
export function checkFileName(annotations: Annotations | null): Annotations {
  if (!annotations || annotations.name === "") throw invalid("name must be provided");
  const named = annotations;
  if (named.name.length > FILE_NAME_LENGTH_MAX || !FILE_NAME.test(named.name)) {
    throw invalid(
      `invalid name, only ${FILE_NAME_LENGTH_MAX} [a-zA-Z0-9-_.] characters allowed, ` +
        "and the start and end character must be [a-zA-Z0-9]",
    );
  }
  return named;
}
