import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import { messageOf, SwarmError } from "../lib/errors.ts";
import type { TlsMaterial } from "../proto/node-tls.ts";
import { verifyChain } from "./chain.ts";
import { parseIdentity } from "./identity.ts";
import { parseRoots } from "./root.ts";

const ROOT_FILE = "swarm-root-ca.crt";
const CERTIFICATE_FILE = "swarm-node.crt";
const KEY_FILE = "swarm-node.key";
/** A key whose certificate may not have been written yet. */
const NEXT_KEY_FILE = "swarm-node.key.next";

const PUBLIC_MODE = 0o644;
const SECRET_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

const REJOIN = "Run 'swarm leave --force' on this node, then join it again with a token.";

function unusable(what: string, cause?: unknown): SwarmError {
  return new SwarmError("failed-precondition", `${what}. ${REJOIN}`, { cause });
}

async function readIfAny(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new SwarmError("failed-precondition", `cannot read ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * A node's certificate, key and trusted roots, in `<state>/certificates/` under swarm mode's file
 * names. Each file is replaced as a whole; a crash between key and certificate leaves a pair that
 * {@link load} completes.
 */
export class KeyStore {
  readonly #directory: string;
  readonly #clock: Pick<Clock, "now">;

  constructor(
    { stateDirectory }: { readonly stateDirectory: string },
    { clock }: { readonly clock: Pick<Clock, "now"> },
  ) {
    this.#directory = join(stateDirectory, "certificates");
    this.#clock = clock;
  }

  /**
   * What {@link save} stored, checked; null when this node never had any. Throws
   * `failed-precondition`, with the next step, when a file is missing or damaged, when key, certificate
   * and roots do not belong together, and when the certificate expired unless `expired` is `accept`
   * (a manager that holds the CA's key can certify itself again).
   */
  async load(expired: "refuse" | "accept" = "refuse"): Promise<TlsMaterial | null> {
    const [roots, certificate, key, nextKey] = await Promise.all(
      [ROOT_FILE, CERTIFICATE_FILE, KEY_FILE, NEXT_KEY_FILE].map((name) =>
        readIfAny(this.#path(name)),
      ),
    );
    if (!certificate) {
      // The key gets its name after the certificate: without both, the first save was not finished.
      if (!key) return null;
      throw unusable(`${this.#path(CERTIFICATE_FILE)} is missing`);
    }
    if (!roots) throw unusable(`${this.#path(ROOT_FILE)} is missing`);
    const leaf = this.#parseLeaf(certificate);
    const usable = [nextKey, key].find((candidate) => candidate && this.#belongs(leaf, candidate));
    if (!usable) {
      const path = this.#path(KEY_FILE);
      throw unusable(key ? `${path} is not the key of ${CERTIFICATE_FILE}` : `${path} is missing`);
    }
    this.#checkLeaf(leaf, certificate, roots, expired);
    if (usable === nextKey) await this.#rename(NEXT_KEY_FILE, KEY_FILE);
    return { roots, certificate, key: usable };
  }

  /** Stores everything durably; afterwards {@link load} gives it, whatever happens. */
  async save({ roots, certificate, key }: TlsMaterial): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: DIRECTORY_MODE });
    await this.#write(ROOT_FILE, roots, PUBLIC_MODE);
    await this.#write(NEXT_KEY_FILE, key, SECRET_MODE);
    await this.#write(CERTIFICATE_FILE, certificate, PUBLIC_MODE);
    await this.#rename(NEXT_KEY_FILE, KEY_FILE);
  }

  /** Forgets everything: the node left its cluster. */
  async clear(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  #parseLeaf(certificate: string): X509Certificate {
    try {
      return new X509Certificate(certificate);
    } catch (error) {
      throw unusable(`${this.#path(CERTIFICATE_FILE)} is damaged`, error);
    }
  }

  #belongs(leaf: X509Certificate, key: string): boolean {
    try {
      return leaf.checkPrivateKey(createPrivateKey(key));
    } catch {
      // Unreadable is the same as another's: load() says which file is of no use.
      return false;
    }
  }

  #checkLeaf(
    leaf: X509Certificate,
    chain: string,
    roots: string,
    expired: "refuse" | "accept",
  ): void {
    const path = this.#path(CERTIFICATE_FILE);
    try {
      verifyChain(chain, parseRoots(roots));
      parseIdentity(leaf.raw);
    } catch (error) {
      throw unusable(`${path} is of no use with ${ROOT_FILE}: ${messageOf(error)}`, error);
    }
    const now = this.#clock.now();
    if (now < Date.parse(leaf.validFrom)) {
      throw new SwarmError(
        "failed-precondition",
        `${path} is valid from ${leaf.validFrom} on, and this machine's clock says ` +
          `${new Date(now).toUTCString()}. Set the clock and start again.`,
      );
    }
    if (expired === "refuse" && now > Date.parse(leaf.validTo)) {
      throw unusable(`${path} expired at ${leaf.validTo} while the node was off`);
    }
  }

  /** Replaces a file: a reader, and a crash, see the old text or the new one. */
  async #write(name: string, text: string, mode: number): Promise<void> {
    const temporary = this.#path(`${name}.tmp`);
    await rm(temporary, { force: true });
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#rename(`${name}.tmp`, name);
  }

  async #rename(from: string, to: string): Promise<void> {
    await rename(this.#path(from), this.#path(to));
    await syncDirectory(this.#directory);
  }
}
