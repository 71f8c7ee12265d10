import {
  ChangeKind,
  UpdateStatusState,
  type Node,
  type Service,
  type StoreObject,
  type WatchEvent,
} from "../../proto/generated.ts";
import type { Json } from "./common.ts";
import { AVAILABILITIES, NODE_STATES, REACHABILITIES, ROLES } from "./node.ts";
import { UPDATE_STATES } from "./service.ts";

type Attributes = Readonly<Record<string, string>>;

/** An event of the swarm, before it has a time. */
export interface SwarmEvent {
  /** node, service, network, secret or config. */
  readonly type: string;
  readonly action: "create" | "update" | "remove";
  readonly id: string;
  readonly attributes: Attributes;
}

/** Kinds of objects whose changes are events. */
export const EVENT_TABLES: readonly string[] = ["node", "service", "network", "secret", "config"];

const ACTIONS: Readonly<Partial<Record<ChangeKind, SwarmEvent["action"]>>> = {
  [ChangeKind.CREATE]: "create",
  [ChangeKind.UPDATE]: "update",
  [ChangeKind.REMOVE]: "remove",
};

/** `<name>.old` and `<name>.new` where the two differ. */
function difference(name: string, before: string, after: string): Attributes {
  return before === after ? {} : { [`${name}.old`]: before, [`${name}.new`]: after };
}

function nodeDifferences(before: Node, after: Node): Attributes {
  const words = ({ spec, status, managerStatus }: Node) => ({
    availability: AVAILABILITIES.word(spec?.availability ?? 0),
    role: ROLES.word(spec?.desiredRole ?? 0),
    state: NODE_STATES.word(status?.state ?? 0),
    leader: String(managerStatus?.leader ?? false),
    reachability: managerStatus ? REACHABILITIES.word(managerStatus.reachability) : "",
  });
  const old = words(before);
  const entries = Object.entries(words(after));
  return Object.assign(
    {},
    ...entries.map(([name, word]) => difference(name, old[name as keyof typeof old], word)),
  );
}

function serviceDifferences(before: Service, after: Service): Attributes {
  const image = ({ spec }: Service): string =>
    spec?.task?.runtime === "container" ? spec.task.container.image : "";
  const replicas = ({ spec }: Service): string =>
    spec?.mode === "replicated" ? String(spec.replicated.replicas) : "0";
  const update = ({ updateStatus }: Service): string =>
    UPDATE_STATES.word(updateStatus?.state ?? UpdateStatusState.UNKNOWN);
  return {
    ...difference("image", image(before), image(after)),
    ...difference("replicas", replicas(before), replicas(after)),
    ...difference("updatestate", update(before), update(after)),
  };
}

function differences(before: StoreObject | null, after: StoreObject): Attributes {
  if (before?.object === "node" && after.object === "node")
    return nodeDifferences(before.node, after.node);
  if (before?.object === "service" && after.object === "service")
    return serviceDifferences(before.service, after.service);
  return {};
}

function named(object: StoreObject): { readonly id: string; readonly name: string } | undefined {
  switch (object.object) {
    case "node":
      return { id: object.node.id, name: object.node.description?.hostname ?? "" };
    case "service":
      return { id: object.service.id, name: object.service.spec?.annotations?.name ?? "" };
    case "network":
      return { id: object.network.id, name: object.network.spec?.annotations?.name ?? "" };
    case "secret":
      return { id: object.secret.id, name: object.secret.spec?.annotations?.name ?? "" };
    case "config":
      return { id: object.config.id, name: object.config.spec?.annotations?.name ?? "" };
    default:
      return undefined;
  }
}

/** What a change of the store is to Docker; undefined for one that is no event. */
export function toSwarmEvent({ kind, object, oldObject }: WatchEvent): SwarmEvent | undefined {
  const action = ACTIONS[kind];
  const subject = object ? named(object) : undefined;
  if (!action || !object?.object || !subject) return undefined;
  const { id, name } = subject;
  return {
    type: object.object,
    action,
    id,
    attributes: { name, ...differences(oldObject, object) },
  };
}

/** One line of `/events`. `timeNano` goes beyond 2^53, so it is put in as text. */
export function eventLine({ type, action, id, attributes }: SwarmEvent, timeMs: number): string {
  const event: Json = {
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: attributes },
    scope: "swarm",
    time: Math.floor(timeMs / 1000),
  };
  const timeNano = BigInt(Math.floor(timeMs)) * 1_000_000n;
  return `${JSON.stringify(event).slice(0, -1)},"timeNano":${timeNano}}\n`;
}
