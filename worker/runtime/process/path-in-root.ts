import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { SwarmError } from "../../../lib/errors.ts";

/** As many links as the kernel follows. */
const LINKS_MAX = 40;

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/**
 * Where the absolute `path` leads for a program whose root directory is `root`, as a path below
 * `root`: links are followed, and none of them leads out. What does not exist is taken as it is.
 * Throws `invalid` for links in a circle.
 */
export function pathInRoot(root: string, path: string): string {
  let links = 0;
  let todo = path.split("/").filter((name) => name !== "" && name !== ".");
  let at = "/";
  while (todo.length > 0) {
    const [name = "", ...rest] = todo;
    todo = rest;
    const next = name === ".." ? dirname(at) : join(at, name);
    if (!statOf(join(root, next))?.isSymbolicLink()) {
      at = next;
      continue;
    }
    if (++links > LINKS_MAX) throw new SwarmError("invalid", `${path} leads in circles`);
    const target = readlinkSync(join(root, next));
    todo = [...resolve(at, target).split("/").filter(Boolean), ...todo];
    at = "/";
  }
  return join(root, at);
}
