import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileDurably } from "./durable-file.ts";
import { damaged } from "./log/storage-error.ts";
import type { MemberRecord } from "./membership.ts";

/** Which member of which group a state directory belongs to. Written once. */
export interface MemberIdentity {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly id: number;
  /** The members told when this one joined; empty for the one that began the group. */
  readonly peers: readonly MemberRecord[];
}

const NAME = "member.json";

/** The identity stored in `directory`, undefined when there is none yet. */
export function loadIdentity(directory: string): MemberIdentity | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, NAME), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as MemberIdentity;
  } catch (error) {
    throw damaged(directory, `${NAME} is malformed`, error);
  }
}

/** Makes the identity durable. */
export function saveIdentity(directory: string, identity: MemberIdentity): void {
  writeFileDurably(join(directory, NAME), JSON.stringify(identity, null, 2));
}
