import { readFileSync } from "node:fs";
import { isErrnoException } from "../../lib/errno.ts";
import { SwarmError } from "../../lib/errors.ts";

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** The files that names are looked up in. */
export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
}

/** This machine's own. */
export const HOST_ACCOUNTS: AccountFiles = { passwd: "/etc/passwd", group: "/etc/group" };

function readLines(path: string): readonly (readonly string[])[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.split(":"));
  } catch (error) {
    // A root file system need not have accounts.
    if (isErrnoException(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

/** Finds the line of a colon-separated file whose name or number (third field) is `key`. */
function lookup(path: string, key: string): readonly string[] | undefined {
  return readLines(path).find((fields) => fields[0] === key || fields[2] === key);
}

/** Number of a group, given as name or number. Throws `invalid` for an unknown name. */
export function resolveGroup(group: string, accounts: AccountFiles = HOST_ACCOUNTS): number {
  const found = lookup(accounts.group, group);
  if (found) return Number(found[2]);
  if (/^\d+$/.test(group)) return Number(group);
  throw new SwarmError("invalid", `unable to find group ${group}: no matching entry in group file`);
}

/** Numbers of `user[:group]`, given as names or numbers. Throws `invalid` for an unknown name. */
export function resolveIdentity(text: string, accounts: AccountFiles = HOST_ACCOUNTS): Identity {
  const [user = "", group] = text.split(":");
  const entry = lookup(accounts.passwd, user);
  if (!entry && !/^\d+$/.test(user))
    throw new SwarmError(
      "invalid",
      `unable to find user ${user}: no matching entry in passwd file`,
    );
  const uid = Number(entry ? entry[2] : user);
  const gid = group ? resolveGroup(group, accounts) : Number(entry?.[3] ?? 0);
  return { uid, gid };
}

/** Numbers of the groups that list `user`, a name or a number, as a member. */
export function groupsOf(user: string, accounts: AccountFiles = HOST_ACCOUNTS): readonly number[] {
  const name = lookup(accounts.passwd, user)?.[0] ?? user;
  return readLines(accounts.group)
    .filter((fields) => (fields[3] ?? "").split(",").includes(name))
    .map((fields) => Number(fields[2]));
}
