import { SwarmError } from "../../lib/errors.ts";
import type { TaskReach } from "./reach.ts";

function refuse(): Promise<never> {
  return Promise.reject(new SwarmError("unimplemented", "this runtime offers no way into a task"));
}

/** The ways into a task of a runtime that has none. */
export const UNREACHABLE: TaskReach = { exec: refuse, top: refuse, usage: refuse, dial: refuse };
