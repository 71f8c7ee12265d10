import type { Random } from "../../lib/random.ts";
import {
  PlacementStrategy,
  type GenericResource,
  type Task,
  type VolumeAttachment,
} from "../../proto/generated.ts";
import { reservationOf } from "../resources/reservation.ts";
import { withAffinities } from "./affinities.ts";
import { chooseVolumes, clusterMounts } from "./cluster-mounts.ts";
import { claimGeneric } from "./generic-resources.ts";
import { groupKey, type NodeInfo } from "./node-info.ts";
import type { NodeSet } from "./node-set.ts";
import { Pipeline, type Explanation } from "./pipeline.ts";
import { withPreferences } from "./preferences.ts";
import { strategyOf } from "./strategies/index.ts";
import type { Picker } from "./strategies/strategy.ts";

/** A task and the node it is to run on. */
export interface Placement {
  readonly task: Task;
  readonly nodeId: string;
  /** Where it is taken in already, as what, and at which place of the node's tasks. */
  readonly info: NodeInfo;
  readonly counted: Task;
  readonly place: number;
  readonly genericResources: readonly GenericResource[];
  readonly volumes: readonly VolumeAttachment[];
}

export interface PlaceOptions {
  /** Strategy of services that name none. */
  readonly defaultStrategy: PlacementStrategy;
  readonly nowMs: number;
  readonly random: Random;
}

/** Takes `task`, which is on no node, in on `info` and says what was decided. */
export function assign(task: Task, info: NodeInfo): Placement {
  const wantsGeneric = (reservationOf(task)?.generic.length ?? 0) > 0;
  const genericResources = wantsGeneric ? claimGeneric(task, info) : task.assignedGenericResources;
  const wantsVolumes = clusterMounts(task).length > 0;
  const volumes = (wantsVolumes && chooseVolumes(task, info)) || task.volumes;
  const isOther = wantsGeneric || wantsVolumes;
  const counted = isOther ? { ...task, assignedGenericResources: genericResources, volumes } : task;
  const place = info.tasks.length;
  info.add(counted);
  return { task, nodeId: info.id, info, counted, place, genericResources, volumes };
}

/**
 * Finds nodes for tasks that are all alike, one service and one version, in one pass over the
 * nodes. Every placement is taken into the nodes at once, so that the next one sees it. When
 * something else changes the nodes, the pass starts over with the next task. Deterministic in its
 * arguments.
 */
export class GroupPass {
  readonly pipeline: Pipeline;
  readonly #sample: Task;
  readonly #nodes: NodeSet;
  readonly #options: PlaceOptions;
  readonly #sharesVolumes: boolean;
  #picker: Picker;
  #generation: number;

  constructor(sample: Task, nodes: NodeSet, options: PlaceOptions) {
    this.pipeline = new Pipeline(sample);
    this.#sample = sample;
    this.#nodes = nodes;
    this.#options = options;
    this.#sharesVolumes = clusterMounts(sample).length > 0;
    this.#generation = nodes.generation;
    this.#picker = this.#open();
  }

  /** The place of one more task of the group; undefined when no node is left. */
  place(task: Task): Placement | undefined {
    if (this.#generation !== this.#nodes.generation) {
      this.#generation = this.#nodes.generation;
      this.#picker = this.#open();
    }
    const info = this.#picker.next();
    if (!info) return undefined;
    const placement = assign(task, info);
    // A volume that is taken on one node may close others.
    if (this.#sharesVolumes) this.#picker = this.#open();
    else this.#picker.placed(this.pipeline.hasRoom(info));
    return placement;
  }

  /** Why no node is left. */
  explain(): Explanation {
    return this.pipeline.explain(this.#nodes.all());
  }

  #open(): Picker {
    const fitting: NodeInfo[] = [];
    for (const info of this.#nodes.all()) if (this.pipeline.fits(info)) fitting.push(info);
    const sample = this.#sample;
    const { defaultStrategy, nowMs, random } = this.#options;
    const key = groupKey(sample);
    const reserved = reservationOf(sample);
    const { preferences = [], affinities = [], strategy } = sample.spec?.placement ?? {};
    const { open } = strategyOf(strategy ?? PlacementStrategy.DEFAULT, defaultStrategy);
    return withPreferences(preferences, withAffinities(affinities, open), fitting, {
      serviceId: sample.serviceId,
      failures: (node) => node.failures.of(key, nowMs),
      roomOn: (node) => node.roomFor(reserved),
      random,
    });
  }
}

/**
 * Checks a task whose node is given (global services): its placement, or why it must wait.
 * `pipeline` is that of its group.
 */
export function placeOnNode(
  task: Task,
  nodes: NodeSet,
  pipeline: Pipeline,
): Placement | Explanation {
  const info = nodes.get(task.nodeId);
  if (!info) return { text: "no suitable node", lacksRoom: false };
  // The task itself is already counted on its node.
  info.remove(task);
  if (pipeline.fits(info)) return assign(task, info);
  const explanation = pipeline.explain([info]);
  info.add(task);
  return explanation;
}
