import { existsSync, mkdirSync, statSync } from "node:fs";
import { posix } from "node:path";
import { SwarmError } from "../../../lib/errors.ts";
import { MountType, type Mount } from "../../../proto/generated.ts";
import { checkMount, invalidMount } from "../mount-check.ts";
import { expand, type TemplateScope } from "../template.ts";
import { pathInRoot } from "./path-in-root.ts";
import { Volumes } from "./volumes.ts";

/** One line of an fstab: what mount(8) is told. */
export interface MountEntry {
  readonly source: string;
  /** Path as the task names it, for messages. */
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
  /** Whether the target is a file. */
  readonly isFile: boolean;
}

const PROPAGATIONS = ["", "rprivate", "private", "rslave", "slave"];

function bindOptions({ bind, readOnly }: Mount): readonly string[] {
  const propagation = bind?.propagation ?? "";
  if (!PROPAGATIONS.includes(propagation))
    throw new SwarmError(
      "unimplemented",
      `bind propagation ${propagation} is not offered to processes: use rslave or rprivate`,
    );
  const kind = bind?.nonRecursive ? "bind" : "rbind";
  return [kind, propagation || "rprivate", ...(readOnly ? ["ro"] : [])];
}

function bindEntry(mount: Mount): MountEntry {
  const { source, target, bind } = mount;
  if (!existsSync(source)) {
    if (!bind?.createMountpoint)
      throw new SwarmError("invalid", `bind source path does not exist: ${source}`);
    mkdirSync(source, { recursive: true });
  }
  const isFile = !statSync(source).isDirectory();
  return { source, target, type: "none", options: bindOptions(mount), isFile };
}

function tmpfsEntry({ target, readOnly, tmpfs }: Mount): MountEntry {
  const options = ["nosuid", "nodev", "noexec", `mode=${(tmpfs?.mode || 0o1777).toString(8)}`];
  if (tmpfs?.sizeBytes) options.push(`size=${tmpfs.sizeBytes}`);
  for (const { words } of tmpfs?.options ?? []) options.push(words.join("="));
  if (readOnly) options.push("ro");
  return { source: "tmpfs", target, type: "tmpfs", options, isFile: false };
}

/** What the mounts of one task are planned with. */
export interface MountContext {
  readonly volumes: Volumes;
  readonly scope: TemplateScope;
  /** Directory for volumes without a name, which end with the task. */
  readonly anonymousDir: string;
  /** Directory whose content a new volume mounted at `target` begins with; null = none. */
  readonly contentAt: (target: string) => string | null;
}

async function volumeEntry(
  mount: Mount,
  index: number,
  context: MountContext,
): Promise<MountEntry> {
  const { target, readOnly, volume: options } = mount;
  const ro = readOnly ? ["ro"] : [];
  const isAnonymous = mount.source === "";
  const volumes = isAnonymous ? new Volumes(context.anonymousDir) : context.volumes;
  const name = isAnonymous ? String(index) : mount.source;
  const content = context.contentAt(target);
  const volume = await volumes.ensure(name, { options, scope: context.scope }, content);
  const subpath = options?.subpath ?? "";
  if (volume.path === "") {
    const { device = "", type = "", o = "" } = volume.options;
    if (subpath !== "")
      throw new SwarmError(
        "unimplemented",
        `volume ${name} is a file system of its own: processes mount all of it, not ${subpath}`,
      );
    const own = [...o.split(",").filter(Boolean), ...ro];
    return { source: device || "none", target, type: type || "none", options: own, isFile: false };
  }
  // Tasks make links in their volumes; none leads out of one.
  const source = pathInRoot(volume.path, subpath);
  if (!existsSync(source)) throw invalidMount(`volume ${name} has no directory ${subpath}`);
  const isFile = !statSync(source).isDirectory();
  return { source, target, type: "none", options: ["bind", ...ro], isFile };
}

/**
 * The mounts of a task, templates in source and target expanded, in the order of their targets'
 * depth, so that none hides another. Makes the volumes that are not there. Throws `invalid` for
 * what swarm mode refuses.
 */
export async function planMounts(
  mounts: readonly Mount[],
  context: MountContext,
): Promise<readonly MountEntry[]> {
  const { scope } = context;
  const entries: MountEntry[] = [];
  for (const [index, raw] of mounts.entries()) {
    const target = posix.normalize(expand(raw.target, scope));
    const mount = { ...raw, source: expand(raw.source, scope), target };
    checkMount(mount);
    if (target === "/") throw invalidMount("the root directory is no target");
    if (mount.type === MountType.BIND) entries.push(bindEntry(mount));
    else if (mount.type === MountType.TMPFS) entries.push(tmpfsEntry(mount));
    else if (mount.type === MountType.VOLUME)
      entries.push(await volumeEntry(mount, index, context));
    else throw invalidMount("named pipes are for Windows only");
  }
  const depth = ({ target }: MountEntry): number => target.split("/").length;
  return entries.toSorted((a, b) => depth(a) - depth(b));
}

/** Blanks and backslashes as an fstab wants them. */
function escaped(word: string): string {
  return word.replace(/[\s\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

/** A line of an fstab. `target` is where the entry is to be mounted now. */
export function fstabLine(entry: MountEntry, target: string): string {
  const options = entry.options.length > 0 ? entry.options.join(",") : "defaults";
  const words = [entry.source, target, entry.type, options];
  return [...words.map(escaped), "0", "0"].join(" ");
}
