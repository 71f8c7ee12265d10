import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { SwarmError } from "../../../lib/errors.ts";
import type { MountVolumeOptions } from "../../../proto/generated.ts";
import { invalidMount } from "../mount-check.ts";
import { expand, type TemplateScope } from "../template.ts";

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const run = promisify(execFile);

/** What is kept of a volume beside its data. */
interface VolumeRecord {
  readonly labels: Readonly<Record<string, string>>;
  /** Options of the local driver: `type`, `device` and `o`, as for mount; empty = a directory. */
  readonly options: Readonly<Record<string, string>>;
}

/** A volume that is there: a directory, or what is to be mounted. */
export interface Volume {
  readonly name: string;
  /** Where its data lie; empty when options name a file system of its own. */
  readonly path: string;
  readonly options: Readonly<Record<string, string>>;
}

function expandAll(
  values: Readonly<Record<string, string>>,
  scope: TemplateScope,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, expand(value, scope)]),
  );
}

/**
 * Local volumes of the process runtime, a directory each. A volume is made by the first task that
 * names it, and stays until somebody deletes its directory: people, or for those without a name the end
 * of their task.
 */
export class Volumes {
  readonly #dir: string;
  readonly #making = new Map<string, Promise<void>>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Names of all volumes. */
  names(): readonly string[] {
    if (!existsSync(this.#dir)) return [];
    return readdirSync(this.#dir).filter((name) => NAME.test(name));
  }

  /**
   * The volume `name`, made if missing; then `content`, a directory, is copied into it. A volume
   * that exists keeps its options. Throws `unimplemented` for another driver than `local`.
   */
  async ensure(
    name: string,
    request: { readonly options: MountVolumeOptions | null; readonly scope: TemplateScope },
    content: string | null,
  ): Promise<Volume> {
    if (!NAME.test(name)) throw invalidMount(`"${name}" is no name for a volume`);
    const driver = request.options?.driver?.name ?? "";
    if (driver !== "" && driver !== "local")
      throw new SwarmError(
        "unimplemented",
        `volume driver "${driver}" needs a Docker Engine: processes have local volumes only`,
      );
    const dir = join(this.#dir, name);
    const path = join(dir, "volume.json");
    if (!existsSync(path)) {
      const making = this.#making.get(name) ?? this.#make(dir, request, content);
      this.#making.set(name, making);
      await making.finally(() => this.#making.delete(name));
    }
    const { options }: VolumeRecord = JSON.parse(readFileSync(path, "utf8"));
    return { name, path: Object.keys(options).length > 0 ? "" : join(dir, "_data"), options };
  }

  async #make(
    dir: string,
    {
      options,
      scope,
    }: { readonly options: MountVolumeOptions | null; readonly scope: TemplateScope },
    content: string | null,
  ): Promise<void> {
    const record: VolumeRecord = {
      labels: expandAll(options?.labels ?? {}, scope),
      options: expandAll(options?.driver?.options ?? {}, scope),
    };
    const data = join(dir, "_data");
    // Passed through by tasks of any user; what is inside is protected by its own modes.
    mkdirSync(data, { recursive: true, mode: 0o755 });
    const copies = content !== null && !options?.noCopy && Object.keys(record.options).length === 0;
    if (copies && readdirSync(data).length === 0) await run("cp", ["-a", `${content}/.`, data]);
    writeFileSync(join(dir, "volume.json.new"), JSON.stringify(record), { mode: 0o600 });
    renameSync(join(dir, "volume.json.new"), join(dir, "volume.json"));
  }
}
