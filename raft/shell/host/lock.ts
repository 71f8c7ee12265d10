import type { Random } from "../../../lib/random.ts";
import type { HostPort } from "../driver/port.ts";
import { DataCipher, type DataKey } from "../keys/data-cipher.ts";
import { nextKey, openKeyring, saveKeyring } from "../keys/keyring.ts";
import { sameBytes } from "../log/binary.ts";

export interface LockOptions {
  readonly stateDir: string;
  /** The key-encryption key in force; null = not locked. */
  readonly kek: Uint8Array | null;
}

export interface LockModules {
  readonly random: Random;
  readonly port: HostPort;
}

/** The keys of a running member's state directory. */
export class Lock {
  /** Seals what the host writes. */
  readonly cipher: DataCipher;
  readonly #stateDir: string;
  readonly #modules: LockModules;
  #kek: Uint8Array | null;

  /** Opens the keyring; errors as {@link openKeyring}. */
  constructor({ stateDir, kek }: LockOptions, modules: LockModules) {
    const { keys, locked } = openKeyring(stateDir, kek, modules.random);
    this.#stateDir = stateDir;
    this.#modules = modules;
    this.#kek = locked ? kek : null;
    this.cipher = new DataCipher(keys, modules.random);
  }

  /** See `RaftNode.setLock`. */
  set(kek: Uint8Array | null): void {
    const before = this.#kek;
    if (before === kek || (before && kek && sameBytes(before, kek))) return;
    const { random } = this.#modules;
    const { keys: present } = openKeyring(this.#stateDir, before, random);
    // A key that was on the disk in clear protects nothing that is written from now on.
    const fresh = before === null;
    const keys = fresh ? [...present, nextKey(present, random)] : present;
    saveKeyring(this.#stateDir, keys, kek, random);
    this.#kek = kek;
    if (fresh) this.#use(keys);
  }

  /** See `RaftNode.rotateDataKey`. */
  rotate(): void {
    const { random } = this.#modules;
    const { keys } = openKeyring(this.#stateDir, this.#kek, random);
    const next = [...keys, nextKey(keys, random)];
    saveKeyring(this.#stateDir, next, this.#kek, random);
    this.#use(next);
  }

  #use(keys: readonly DataKey[]): void {
    this.cipher.use(keys);
    this.#modules.port.post({ kind: "keys", keys });
    // What the older keys have sealed goes with the log behind the next snapshot.
    this.#modules.port.post({ kind: "snapshot" });
  }
}
