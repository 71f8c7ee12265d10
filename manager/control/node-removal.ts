import { X509Certificate } from "node:crypto";
import { codec, make } from "../../proto/codec.ts";
import {
  NodeState,
  TaskState,
  type BlacklistedCertificate,
  type Cluster,
  type Node,
  type Task,
} from "../../proto/generated.ts";
import type { Transaction } from "../store/transaction.ts";
import type { ControlModules } from "./context.ts";
import { memberOf } from "./manager-status.ts";
import { forbidden } from "./validate/check.ts";

/** Bytes of tasks rewritten in one transaction; well below what the store takes. */
const ORPHANS_BYTES_MAX = 2 << 20;
/** How long after its expiry a certificate stays on the blacklist: more than clocks differ. */
const BLACKLIST_GRACE_MS = 7 * 24 * 3600_000;
/** Life assumed of a certificate that the cluster has no copy of. */
const CERTIFICATE_LIFE_MS = 90 * 24 * 3600_000;

function orphaned(task: Task, nowMs: number): Task {
  const status = make("TaskStatus", {
    ...task.status,
    timestampMs: nowMs,
    state: TaskState.ORPHANED,
    message: "orphaned",
    err: "the node of the task was removed from the cluster",
  });
  return { ...task, status };
}

/** Tasks of the node that have not ended, as many as go into one transaction. */
function orphanSlice(tx: Transaction, nodeId: string): { tasks: Task[]; all: boolean } {
  const tasks: Task[] = [];
  let bytes = 0;
  for (const task of tx.view.task.by("node", nodeId)) {
    if ((task.status?.state ?? TaskState.NEW) > TaskState.RUNNING) continue;
    bytes += codec("Task").encode(task).length;
    if (bytes > ORPHANS_BYTES_MAX && tasks.length > 0) return { tasks, all: false };
    tasks.push(task);
  }
  return { tasks, all: true };
}

/** When the node's certificate ends, milliseconds since the epoch. */
function certificateEndMs(node: Node, nowMs: number): number {
  const pem = node.certificate?.certificate;
  return pem ? Date.parse(new X509Certificate(pem).validTo) : nowMs + CERTIFICATE_LIFE_MS;
}

/** The cluster with `node`'s certificate refused from now on, and without entries long expired. */
function blacklist(cluster: Cluster, node: Node, nowMs: number): Cluster {
  const entries: [string, BlacklistedCertificate][] = Object.entries(
    cluster.blacklistedCertificates,
  ).filter(([, { expiryMs }]) => expiryMs + BLACKLIST_GRACE_MS > nowMs);
  entries.push([node.id, { expiryMs: certificateEndMs(node, nowMs) }]);
  return { ...cluster, blacklistedCertificates: Object.fromEntries(entries) };
}

function checkRemovable({ raft }: ControlModules, node: Node, force: boolean): void {
  if (memberOf(raft.status(), node.id)) {
    throw forbidden(
      `node ${node.id} is a cluster manager and is a member of the raft cluster. ` +
        "It must be demoted to worker before removal",
    );
  }
  if (!force && node.status?.state === NodeState.READY)
    throw forbidden(`node ${node.id} is not down and can't be removed`);
}

/**
 * Removes a node: its certificate is refused from then on and its tasks become ORPHANED. With few
 * tasks all happens in one transaction; otherwise tasks go first, slice by slice, and the node
 * goes with the last slice, so that an interrupted removal can simply be asked for again.
 * @throws SwarmError `not-found`, `failed-precondition`
 */
export async function removeNode(
  modules: ControlModules,
  { ref, force }: { readonly ref: string; readonly force: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { store, clock } = modules;
  for (let done = false; !done;) {
    done = await store.update((tx) => {
      const node = tx.view.node.resolve(ref);
      checkRemovable(modules, node, force);
      const nowMs = clock.now();
      const { tasks, all } = orphanSlice(tx, node.id);
      for (const task of tasks) tx.update("task", orphaned(task, nowMs));
      if (!all) return false;
      for (const cluster of tx.view.cluster.all())
        tx.update("cluster", blacklist(cluster, node, nowMs));
      tx.remove("node", node);
      return true;
    }, signal);
  }
}
