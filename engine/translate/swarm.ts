import "reflect-metadata";
import { X509Certificate } from "@peculiar/x509";
import type { Cluster } from "../../proto/generated.ts";
import { badRequest } from "../request-error.ts";
import { base64, metaJson, type Json } from "./common.ts";
import { swarmSpecJson } from "./swarm-spec.ts";

/** Pool that networks are cut from when the cluster was created without one. */
const DEFAULT_ADDRESS_POOL: readonly string[] = ["10.0.0.0/8"];

const UNLOCK_KEY_PREFIX = "SWMKEY-1-";
const UNLOCK_KEY_BYTES = 32;

/** `TLSInfo` of a root certificate in PEM; `{}` when there is none yet. */
export function tlsInfoJson(caCert: string): Json {
  if (caCert === "") return {};
  const root = new X509Certificate(caCert);
  return {
    TrustRoot: caCert,
    CertIssuerSubject: base64(new Uint8Array(root.subjectName.toArrayBuffer())),
    CertIssuerPublicKey: base64(new Uint8Array(root.publicKey.rawData)),
  };
}

/** The cluster as /info shows it: the swarm without its join tokens. */
export function clusterInfoJson(cluster: Cluster): Json {
  const pool = cluster.defaultAddressPool;
  return {
    ID: cluster.id,
    ...metaJson(cluster.meta),
    Spec: swarmSpecJson(cluster.spec),
    TLSInfo: tlsInfoJson(cluster.rootCa?.caCert ?? ""),
    RootRotationInProgress: Boolean(cluster.rootCa?.rootRotation),
    DefaultAddrPool: pool.length > 0 ? pool : DEFAULT_ADDRESS_POOL,
    SubnetSize: cluster.subnetSize || 24,
    DataPathPort: cluster.vxlanUdpPort || 4789,
  };
}

/** The cluster as `GET /swarm` prints it. */
export function swarmJson(cluster: Cluster): Json {
  const tokens = cluster.rootCa?.joinTokens;
  return {
    ...clusterInfoJson(cluster),
    JoinTokens: { Worker: tokens?.worker ?? "", Manager: tokens?.manager ?? "" },
  };
}

/** The unlock key as people see it; empty when there is none. */
export function unlockKeyText(key: Uint8Array): string {
  if (key.byteLength === 0) return "";
  return UNLOCK_KEY_PREFIX + Buffer.from(key).toString("base64").replaceAll("=", "");
}

/** Reads an unlock key. Throws 400 unless it has the right form. */
export function readUnlockKey(text: string): Uint8Array {
  const body = text.startsWith(UNLOCK_KEY_PREFIX) ? text.slice(UNLOCK_KEY_PREFIX.length) : "";
  const key = Buffer.from(body, "base64");
  if (!/^[A-Za-z0-9+/]{43}$/.test(body) || key.byteLength !== UNLOCK_KEY_BYTES)
    throw badRequest("invalid key string");
  return key;
}
