import { readFile } from "node:fs/promises";
import { messageOf, SwarmError } from "../../lib/errors.ts";
import type { Endpoint } from "./endpoint.ts";

/** PEM texts for a connection with TLS. */
export interface Certificates {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new SwarmError("invalid", `cannot read the certificate ${path}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** The endpoint's certificates; undefined without TLS. Throws `invalid` for what cannot be read. */
export async function readCertificates(endpoint: Endpoint): Promise<Certificates | undefined> {
  if (endpoint.kind === "unix" || !endpoint.certificates) return undefined;
  const { ca, cert, key } = endpoint.certificates;
  return { ca: await read(ca), cert: await read(cert), key: await read(key) };
}
