import { join } from "node:path";
import { writeFileDurably } from "./durable-file.ts";
import { readJsonFile } from "./json-file.ts";
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
  return readJsonFile(directory, NAME) as MemberIdentity | undefined;
}

/** Makes the identity durable. */
export function saveIdentity(directory: string, identity: MemberIdentity): void {
  writeFileDurably(join(directory, NAME), JSON.stringify(identity, null, 2));
}
