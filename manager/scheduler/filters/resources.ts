import { genericAmount, genericKind, reservationOf } from "../../resources/reservation.ts";
import { formatBytes } from "../../../lib/units.ts";
import type { NodeInfo } from "../node-info.ts";
import { nameOf, nodes, type Filter, type Shortage } from "./filter.ts";

/** What the task reserves is still free: CPU, memory and generic resources. */
export const resourceFilter: Filter = {
  name: "resources",
  about: "room",
  prepare(task) {
    const reserved = reservationOf(task);
    if (!reserved) return undefined;
    const { nanoCpus, memoryBytes, generic } = reserved;
    if (nanoCpus === 0 && memoryBytes === 0 && generic.length === 0) return undefined;
    const kinds = new Map<string, number>();
    for (const wanted of generic) {
      const kind = genericKind(wanted);
      kinds.set(kind, genericAmount(generic, kind));
    }
    return (info) => {
      // What a task does not ask for may well be overdrawn, after a node has lost some of it.
      if (nanoCpus > 0 && info.freeCpu < nanoCpus) return false;
      if (memoryBytes > 0 && info.freeMemory < memoryBytes) return false;
      for (const [kind, amount] of kinds) if (info.freeGeneric(kind) < amount) return false;
      return true;
    };
  },
  shortages(task, info) {
    const reserved = reservationOf(task);
    if (!reserved) return [];
    const { nanoCpus, memoryBytes, generic } = reserved;
    const total = info.node.description?.resources;
    const cpu = (nano: number): string => `${nano / 1e9}`;
    const wants: readonly Want[] = [
      {
        what: "CPUs",
        needed: nanoCpus,
        total: total?.nanoCpus ?? 0,
        free: info.freeCpu,
        text: cpu,
      },
      {
        what: "memory",
        needed: memoryBytes,
        total: total?.memoryBytes ?? 0,
        free: info.freeMemory,
        text: formatBytes,
      },
      ...[...new Set(generic.map(genericKind))].map((kind) => ({
        what: kind,
        needed: genericAmount(generic, kind),
        total: genericAmount(total?.generic ?? [], kind),
        free: info.freeGeneric(kind),
        text: String,
        offer: `swarmd --generic-resource ${kind}=${genericAmount(generic, kind)}`,
      })),
    ];
    return wants.flatMap((want) => missing(want, info));
  },
  explain: (count) => `insufficient resources on ${nodes(count)}`,
};

/** One resource that a task reserves, and what a node has of it. */
interface Want {
  readonly what: string;
  readonly needed: number;
  readonly total: number;
  readonly free: number;
  readonly text: (amount: number) => string;
  /** How a node comes to have it, where that is a matter of configuration. */
  readonly offer?: string;
}

function missing(want: Want, info: NodeInfo): readonly Shortage[] {
  const { what, needed, total, free, text } = want;
  if (needed === 0 || needed <= free) return [];
  const left = Math.max(0, free);
  const share = (needed - left) / needed;
  // What the whole node does not have, no task can set free.
  const isTooSmall = needed > total;
  const change = isTooSmall ? changeOfSize(want, info) : `free ${text(needed - free)} of ${what}`;
  return [
    {
      what,
      needed: text(needed),
      available: text(left),
      change: isTooSmall ? change : `${change} on node ${nameOf(info)}`,
      cost: isTooSmall ? 1 + share : share,
    },
  ];
}

function changeOfSize({ what, needed, total, free, text, offer }: Want, info: NodeInfo): string {
  const name = nameOf(info);
  if (total <= 0)
    return `offer ${text(needed)} of ${what} on node ${name}${offer ? ` (${offer})` : ""}`;
  if (free > 0) return `reserve no more than ${text(free)} of ${what}, for node ${name}`;
  return `reserve no more than ${text(total)} of ${what}, and free that on node ${name}`;
}
