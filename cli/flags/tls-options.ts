import { Option } from "commander";
import { join } from "node:path";
import type { CertificateFiles } from "../api/endpoint.ts";
import type { Context } from "../context.ts";

/** What the root command knows of TLS. */
export interface TlsFlags {
  readonly tlscacert?: string;
  readonly tlscert?: string;
  readonly tlskey?: string;
}

/** Flags of the root command for engines reached over TCP. */
export function tlsOptions(): readonly Option[] {
  return [
    new Option("--tlscacert <file>", "Trust engines whose certificates this CA has signed"),
    new Option("--tlscert <file>", "Certificate to show the engine"),
    new Option("--tlskey <file>", "Key of that certificate"),
  ];
}

/**
 * The files for TLS: each from its flag, else `ca.pem`, `cert.pem` and `key.pem` in
 * `SWARM_CERT_PATH`; undefined when neither is given.
 */
export function certificateFiles(
  { tlscacert, tlscert, tlskey }: TlsFlags,
  env: Context["env"],
): CertificateFiles | undefined {
  const directory = env["SWARM_CERT_PATH"] || undefined;
  if (directory === undefined && !tlscacert && !tlscert && !tlskey) return undefined;
  const inDirectory = (name: string): string => join(directory ?? ".", name);
  return {
    ca: tlscacert ?? inDirectory("ca.pem"),
    cert: tlscert ?? inDirectory("cert.pem"),
    key: tlskey ?? inDirectory("key.pem"),
  };
}
