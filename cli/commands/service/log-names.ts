import { isSwarmError } from "../../../lib/errors.ts";
import { segment, type Engine } from "../../api/engine.ts";
import type { Service } from "../../api/service-types.ts";
import type { Node, Task } from "../../api/types.ts";
import type { LogLine } from "../../logs/line.ts";

/** How a line's origin is shown. */
export interface LogNameFlags {
  /** False for `--no-resolve`. */
  readonly resolve?: boolean;
  /** False for `--no-task-ids`. */
  readonly taskIds?: boolean;
  /** False for `--no-trunc`. */
  readonly trunc?: boolean;
}

const SHORT_ID_LENGTH = 12;

/** Tells where lines come from: `web.1.k2j3h4k5j6h7@node1`. */
export interface LogNames {
  of(line: LogLine): Promise<string>;
}

/** Each task is looked up once; what is gone by now shows its id. */
export function openLogNames(engine: Engine, flags: LogNameFlags, slotDigits: number): LogNames {
  const known = new Map<string, Promise<string>>();
  const read = async <T>(collection: string, id: string): Promise<T | undefined> => {
    try {
      return await engine.request<T>({ method: "GET", path: `/${collection}/${segment(id)}` });
    } catch (error) {
      if (isSwarmError(error, "not-found")) return undefined;
      throw error;
    }
  };
  const nameOf = async (line: LogLine): Promise<string> => {
    const isPlain = flags.resolve === false;
    const [task, service, node] = await Promise.all([
      read<Task>("tasks", line.taskId),
      isPlain ? undefined : read<Service>("services", line.serviceId),
      isPlain ? undefined : read<Node>("nodes", line.nodeId),
    ]);
    const shorten = (id: string): string =>
      flags.trunc === false ? id : id.slice(0, SHORT_ID_LENGTH);
    const place = String(task?.Slot || line.nodeId);
    const name = `${service?.Spec.Name ?? line.serviceId}.${place}`;
    const full = flags.taskIds === false ? name : `${name}.${shorten(line.taskId)}`;
    const padding = " ".repeat(Math.max(slotDigits - place.length, 0));
    return `${full}@${node?.Description.Hostname ?? line.nodeId}${padding}`;
  };
  return {
    of(line) {
      let name = known.get(line.taskId);
      if (!name) known.set(line.taskId, (name = nameOf(line)));
      return name;
    },
  };
}
