import type { Volume } from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";

/** What filters look up of the cluster, beyond the nodes. */
export interface ClusterFacts {
  /** Whether there is a node with this id. */
  readonly isMember: (nodeId: string) => boolean;
  /** Driver of the network with this id; empty when there is no such network. */
  readonly networkDriver: (id: string) => string;
  /** The volumes that a mount's source means: one by its name, or those of a `group:NAME`. */
  readonly volumes: (source: string) => Iterable<Volume>;
  readonly volume: (id: string) => Volume | undefined;
  /** The volumes that are on the node, on their way there or on their way back. */
  readonly volumesOn: (nodeId: string) => Iterable<Volume>;
}

/** Of a cluster without networks and volumes, which every node is a member of. */
export const NO_FACTS: ClusterFacts = {
  isMember: () => true,
  networkDriver: () => "",
  volumes: () => [],
  volume: () => undefined,
  volumesOn: () => [],
};

const GROUP = "group:";

/** The facts as `view` has them at the time they are asked for. */
export function factsOf(view: StoreView): ClusterFacts {
  return {
    isMember: (nodeId) => view.node.get(nodeId) !== undefined,
    networkDriver: (id) => view.network.get(id)?.spec?.driver?.name ?? "",
    volumes: (source) =>
      source.startsWith(GROUP)
        ? view.volume.by("group", source.slice(GROUP.length))
        : view.volume.named(source),
    volume: (id) => view.volume.get(id),
    volumesOn: (nodeId) => view.volume.by("node", nodeId),
  };
}

/** One task's use of a volume. */
export interface VolumeUser {
  readonly nodeId: string;
  readonly readOnly: boolean;
}

const NOBODY: ReadonlyMap<string, VolumeUser> = new Map();

/** Which tasks use which volumes, on whatever node; kept by the nodes that have the tasks. */
export class VolumeUse {
  readonly #users = new Map<string, Map<string, VolumeUser>>();

  /** By task. */
  of(volumeId: string): ReadonlyMap<string, VolumeUser> {
    return this.#users.get(volumeId) ?? NOBODY;
  }

  add(volumeId: string, taskId: string, user: VolumeUser): void {
    const users = this.#users.get(volumeId);
    if (users) users.set(taskId, user);
    else this.#users.set(volumeId, new Map([[taskId, user]]));
  }

  remove(volumeId: string, taskId: string, nodeId: string): void {
    const users = this.#users.get(volumeId);
    // Another node may have taken the task over.
    if (users?.get(taskId)?.nodeId !== nodeId) return;
    users.delete(taskId);
    if (users.size === 0) this.#users.delete(volumeId);
  }
}
