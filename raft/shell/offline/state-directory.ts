import { systemRandom } from "../../../lib/random.ts";
import { SwarmError } from "../../../lib/errors.ts";
import { DataCipher } from "../keys/data-cipher.ts";
import { openKeyring } from "../keys/keyring.ts";
import { damaged } from "../log/storage-error.ts";
import { loadIdentity, type MemberIdentity } from "../member-file.ts";

/** A stopped member's directory, opened for a tool. */
export interface StateDirectory {
  readonly path: string;
  readonly identity: MemberIdentity;
  readonly cipher: DataCipher;
}

/**
 * Opens what a stopped member has left in `path`. `kek` opens a locked one.
 * @throws SwarmError `not-found` when there is no member, else as `openKeyring`
 */
export function openStateDirectory(path: string, kek: Uint8Array | null): StateDirectory {
  const identity = loadIdentity(path);
  if (!identity)
    throw new SwarmError("not-found", `${path} holds no Raft state: give a manager's directory`);
  const { keys } = openKeyring(path, kek, systemRandom);
  if (keys.length === 0) throw damaged(path, "its keyring is empty");
  return { path, identity, cipher: new DataCipher(keys, systemRandom) };
}
