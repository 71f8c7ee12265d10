import { constants } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import { experimental, ServerCredentials, type ChannelCredentials } from "@grpc/grpc-js";

/**
 * What a node proves itself with and whom it trusts. Plain data in PEM, so that it crosses into a
 * worker thread unchanged.
 */
export interface TlsMaterial {
  /** The cluster's trusted roots, one or more. */
  readonly roots: string;
  /** The node's certificate, leaf first, then intermediates. */
  readonly certificate: string;
  /** Private key of the leaf, PKCS#8. */
  readonly key: string;
}

/** ECDHE key exchange and AEAD only; TLS 1.3 suites are all of that kind already. */
const CIPHERS = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_AES_128_GCM_SHA256",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

function contextOf(material: TlsMaterial): SecureContextOptions {
  return {
    ca: material.roots,
    cert: material.certificate,
    key: material.key,
    minVersion: "TLSv1.2",
    ciphers: CIPHERS,
    // With no session kept, nothing is resumed: every connection proves anew that it holds a key we trust.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** Whether a server lets a client in without a certificate that it trusts. */
export type ClientCertificate = "required" | "optional";

/**
 * Server credentials whose certificate can change while the port listens: connections made after
 * {@link update} see the new one, those that exist live on.
 *
 * With `optional`, a client without a certificate is let in so that it can join. One whose
 * certificate does not chain to our roots is let in likewise, but as a client without any:
 * `Incoming.certificate` holds only what TLS verified.
 */
class SwappableServerCredentials extends ServerCredentials {
  constructor(material: TlsMaterial, client: ClientCertificate) {
    super({ requestCert: true, rejectUnauthorized: client === "required" }, contextOf(material));
  }

  update(material: TlsMaterial): void {
    this.updateSecureContextOptions(contextOf(material));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

type RootsListener = experimental.CaCertificateUpdateListener;
type IdentityListener = experimental.IdentityCertificateUpdateListener;

/**
 * The one place where a process keeps its certificate. All servers and clients take their
 * credentials here, so that a renewed certificate reaches each of them by one {@link update}.
 */
export class NodeTls implements experimental.CertificateProvider {
  #material: TlsMaterial;
  readonly #servers = new Map<ClientCertificate, SwappableServerCredentials>();
  readonly #roots = new Set<RootsListener>();
  readonly #identities = new Set<IdentityListener>();
  readonly #listeners = new Set<(material: TlsMaterial) => void>();
  readonly #client: ChannelCredentials;

  constructor(material: TlsMaterial) {
    this.#material = material;
    this.#client = experimental.createCertificateProviderChannelCredentials(this, this);
  }

  /** What new connections use now. */
  get material(): TlsMaterial {
    return this.#material;
  }

  /** Credentials for a client; every new connection of it proves the current certificate. */
  get client(): ChannelCredentials {
    return this.#client;
  }

  /** Credentials for a server. @param client whether peers must have a certificate of ours */
  server(client: ClientCertificate): ServerCredentials {
    const known = this.#servers.get(client);
    if (known) return known;
    const made = new SwappableServerCredentials(this.#material, client);
    this.#servers.set(client, made);
    return made;
  }

  /**
   * Changes what connections made from now on use. Connections that exist go on with the old
   * certificate; who keeps one open for long reconnects when told by {@link onUpdate}.
   */
  update(material: TlsMaterial): void {
    this.#material = material;
    for (const server of this.#servers.values()) server.update(material);
    for (const listener of this.#roots) this.#tellRoots(listener);
    for (const listener of this.#identities) this.#tellIdentity(listener);
    for (const listener of this.#listeners) listener(material);
  }

  /** Calls `listener` after each {@link update}. Returns the unsubscriber. */
  onUpdate(listener: (material: TlsMaterial) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tellRoots(listener: RootsListener): void {
    listener({ caCertificate: Buffer.from(this.#material.roots) });
  }

  #tellIdentity(listener: IdentityListener): void {
    const { certificate, key } = this.#material;
    listener({ certificate: Buffer.from(certificate), privateKey: Buffer.from(key) });
  }

  /** Part of grpc-js' certificate provider. */
  addCaCertificateListener(listener: RootsListener): void {
    this.#roots.add(listener);
    this.#tellRoots(listener);
  }

  /** Part of grpc-js' certificate provider. */
  removeCaCertificateListener(listener: RootsListener): void {
    this.#roots.delete(listener);
  }

  /** Part of grpc-js' certificate provider. */
  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identities.add(listener);
    this.#tellIdentity(listener);
  }

  /** Part of grpc-js' certificate provider. */
  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identities.delete(listener);
  }
}
