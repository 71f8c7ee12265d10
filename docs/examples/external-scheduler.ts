/**
 * A scheduler of one's own: it places the tasks of a service together or not at all ("gang
 * scheduling"), which the built-in one does not do. How many belong together is the service's label
 * `gang.size`. Run it on a manager, as a user who may read its state directory:
 *
 *     node --import=tsx docs/examples/external-scheduler.ts STATE_DIRECTORY gang
 *     swarm service create --scheduler gang --label gang.size=3 --replicas 3 …
 *
 * It may be started more than once: of two placements of one task, the first counts.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { KeyStore } from "../../ca/key-store.ts";
import { sleep, systemClock } from "../../lib/clock.ts";
import { isSwarmError, messageOf } from "../../lib/errors.ts";
import type { Call } from "../../proto/call.ts";
import {
  OffersMessageType,
  PlacementResultOutcome,
  SchedulingService,
  type NodeOffer,
  type OffersMessage,
  type PendingTask,
  type SchedulingApi,
  type TaskPlacement,
} from "../../proto/generated.ts";
import { NodeTls } from "../../proto/node-tls.ts";
import { RpcConnection } from "../../proto/rpc-client.ts";

/** Wait before a manager is asked again, milliseconds. */
const RECONNECT_MS = 500;

/** What the stream has told so far. */
class Picture {
  readonly tasks = new Map<string, PendingTask>();
  readonly nodes = new Map<string, NodeOffer>();

  apply({ type, tasks, goneTaskIds, nodes, goneNodeIds }: OffersMessage): void {
    if (type === OffersMessageType.COMPLETE) {
      this.tasks.clear();
      this.nodes.clear();
    }
    for (const task of tasks) this.tasks.set(task.id, task);
    for (const id of goneTaskIds) this.tasks.delete(id);
    for (const node of nodes) this.nodes.set(node.id, node);
    for (const id of goneNodeIds) this.nodes.delete(id);
  }
}

/** The policy, and the only part to change: placements for every gang that fits as a whole. */
function plan({ tasks, nodes }: Picture): readonly TaskPlacement[] {
  const free = new Map(
    [...nodes.values()]
      .filter(({ available }) => available)
      .map(({ id, free }) => [id, { cpu: free?.nanoCpus ?? 0, memory: free?.memoryBytes ?? 0 }]),
  );
  const services = new Set([...tasks.values()].map(({ serviceId }) => serviceId));
  return [...services].flatMap((serviceId) => {
    const gang = [...tasks.values()].filter((task) => task.serviceId === serviceId);
    const size = Number(gang[0]?.serviceLabels["gang.size"] ?? 1);
    return gang.length >= size ? placeAll(gang, free) : [];
  });
}

type Free = Map<string, { cpu: number; memory: number }>;

/** The emptiest node for each task; nothing at all unless there is one for every task. */
function placeAll(gang: readonly PendingTask[], free: Free): readonly TaskPlacement[] {
  const left: Free = new Map([...free].map(([id, room]) => [id, { ...room }]));
  const placements: TaskPlacement[] = [];
  for (const task of gang) {
    const { nanoCpus: cpu = 0, memoryBytes: memory = 0 } = task.reservations ?? {};
    const [best] = [...left]
      .filter(([, room]) => room.cpu >= cpu && room.memory >= memory)
      .toSorted(([, a], [, b]) => b.cpu - a.cpu || b.memory - a.memory);
    if (!best) return [];
    const [nodeId, room] = best;
    left.set(nodeId, { cpu: room.cpu - cpu, memory: room.memory - memory });
    placements.push({ taskId: task.id, nodeId });
  }
  for (const [id, room] of left) free.set(id, room);
  return placements;
}

/** Where a manager is reached, as `node.json` has it. */
interface Address {
  readonly host: string;
  readonly port: number;
}

/** Follows one manager's stream until it ends; that is when its leadership does. */
async function follow(api: SchedulingApi, scheduler: string, call: Call): Promise<void> {
  const picture = new Picture();
  for await (const message of api.offers({ scheduler }, call)) {
    picture.apply(message);
    if (message.more) continue;
    const placements = plan(picture);
    if (placements.length === 0) continue;
    const { results } = await api.place({ scheduler, placements }, call);
    for (const { taskId, outcome, lacks } of results) {
      // The next message will say that it is gone, too; until then it must not be placed again.
      if (outcome === PlacementResultOutcome.PLACED) picture.tasks.delete(taskId);
      const why = lacks.map(({ filter, what }) => `${filter}: ${what}`).join(", ");
      console.log(`${taskId}: ${PlacementResultOutcome.PLACED === outcome ? "placed" : why}`);
    }
  }
}

async function main(stateDirectory: string, scheduler: string): Promise<void> {
  const keys = new KeyStore({ stateDirectory }, { clock: systemClock });
  const { signal } = new AbortController();
  const caller = { nodeId: "", role: "none", clusterId: "", addr: "" } as const;
  let hint: string | undefined;
  for (;;) {
    // Read anew each time: certificates are renewed.
    const material = await keys.load();
    if (!material) throw new Error(`${stateDirectory} is not that of a member of a swarm`);
    const node = await readFile(path.join(stateDirectory, "node.json"), "utf8");
    const { advertise } = JSON.parse(node) as { readonly advertise: Address };
    // The manager beside us says who leads when it does not.
    const addr = hint ?? `${advertise.host}:${advertise.port}`;
    const credentials = new NodeTls(material).client;
    const connection = new RpcConnection({ addr, credentials, now: () => systemClock.now() });
    try {
      await follow(connection.api(SchedulingService), scheduler, { signal, caller });
    } catch (error) {
      hint = isSwarmError(error, "not-leader") ? error.details["leader"] : undefined;
      if (hint === undefined) console.error(`${addr}: ${messageOf(error)}`);
    } finally {
      connection.close();
    }
    await sleep(systemClock, RECONNECT_MS, signal);
  }
}

const [stateDirectory, scheduler] = process.argv.slice(2);
if (!stateDirectory || !scheduler) {
  console.error("usage: external-scheduler.ts STATE_DIRECTORY NAME");
  process.exitCode = 1;
} else await main(stateDirectory, scheduler);
