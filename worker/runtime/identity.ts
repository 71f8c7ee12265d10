import { readFileSync } from "node:fs";
import { SwarmError } from "../../lib/errors.ts";

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** Finds the line of a colon-separated file whose name or number (third field) is `key`. */
function lookup(path: string, key: string): readonly string[] | undefined {
  return readFileSync(path, "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find((fields) => fields[0] === key || fields[2] === key);
}

function groupId(group: string): number {
  const found = lookup("/etc/group", group);
  if (found) return Number(found[2]);
  if (/^\d+$/.test(group)) return Number(group);
  throw new SwarmError("invalid", `unable to find group ${group}: no matching entry in group file`);
}

/** Numbers of `user[:group]`, given as names or numbers. Throws `invalid` for an unknown name. */
export function resolveIdentity(text: string): Identity {
  const [user = "", group] = text.split(":");
  const entry = lookup("/etc/passwd", user);
  if (!entry && !/^\d+$/.test(user))
    throw new SwarmError(
      "invalid",
      `unable to find user ${user}: no matching entry in passwd file`,
    );
  const uid = Number(entry ? entry[2] : user);
  const gid = group ? groupId(group) : Number(entry?.[3] ?? 0);
  return { uid, gid };
}
