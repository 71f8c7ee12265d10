import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SwarmError } from "../../lib/errors.ts";

/** Where specifications of the Container Device Interface lie unless told; later ones win. */
export const CDI_DIRS = ["/etc/cdi", "/var/run/cdi"];

/** What a task gets with a device. */
interface ContainerEdits {
  readonly env?: readonly string[];
  readonly deviceNodes?: readonly {
    readonly path: string;
    readonly hostPath?: string;
    readonly permissions?: string;
  }[];
  readonly mounts?: readonly {
    readonly hostPath: string;
    readonly containerPath: string;
    readonly options?: readonly string[];
  }[];
}

interface CdiSpec {
  readonly kind: string;
  readonly containerEdits?: ContainerEdits;
  readonly devices: readonly { readonly name: string; readonly containerEdits?: ContainerEdits }[];
}

/** Edits by the full names of devices. */
export type CdiDevices = ReadonlyMap<string, readonly ContainerEdits[]>;

/**
 * The devices that this node's CDI specifications describe; only those in JSON are read. A file that
 * is none is left out: somebody may be writing it.
 */
export function readCdi(dirs: readonly string[]): CdiDevices {
  const found = new Map<string, readonly ContainerEdits[]>();
  const files = dirs
    .filter((dir) => existsSync(dir))
    .flatMap((dir) => readdirSync(dir).map((name) => join(dir, name)))
    .filter((path) => path.endsWith(".json"));
  for (const path of files) {
    const spec = parse(readFileSync(path, "utf8"));
    for (const device of spec?.devices ?? []) {
      const edits = [spec?.containerEdits ?? {}, device.containerEdits ?? {}];
      found.set(`${spec?.kind}=${device.name}`, edits);
    }
  }
  return found;
}

function parse(text: string): CdiSpec | null {
  try {
    const spec: CdiSpec = JSON.parse(text);
    return Array.isArray(spec.devices) ? spec : null;
  } catch {
    return null;
  }
}

/** What a task gets with the devices `names`. Throws `not-found` for one that is not described. */
export function cdiEdits(names: readonly string[], devices: CdiDevices): readonly ContainerEdits[] {
  return [
    ...new Set(
      names.flatMap((name) => {
        const edits = devices.get(name);
        if (edits) return edits;
        throw new SwarmError(
          "not-found",
          `device ${name} is not described on this node: put its CDI specification, as JSON, into ` +
            "a directory that swarmd reads (--cdi-spec-dir)",
        );
      }),
    ),
  ];
}
