import { SwarmError } from "../../lib/errors.ts";
import { SerialQueue } from "../../lib/serial-queue.ts";
import type { Call } from "../../proto/call.ts";
import {
  NodeRole,
  type ControlApi,
  type GetNodeRequest,
  type GetNodeResponse,
  type ListNodesRequest,
  type ListNodesResponse,
  type Node,
  type UpdateNodeRequest,
  type UpdateNodeResponse,
} from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";
import { checkVersion, readView, type ControlModules } from "./context.ts";
import { listObjects } from "./list.ts";
import { keepsQuorum, memberOf, withManagerStatus } from "./manager-status.ts";
import { removeNode } from "./node-removal.ts";
import { forbidden } from "./validate/check.ts";
import { checkNode } from "./validate/node.ts";

/** More demotions at a time than there may be managers are no use. */
const WAITING_DEMOTIONS_MAX = 64;

async function getNode(
  modules: ControlModules,
  request: GetNodeRequest,
  call: Call,
): Promise<GetNodeResponse> {
  const view = await readView(modules, request.consistency, call);
  return { node: withManagerStatus(view.node.resolve(request.ref), modules.raft.status()) };
}

async function listNodes(
  modules: ControlModules,
  request: ListNodesRequest,
  call: Call,
): Promise<ListNodesResponse> {
  const view = await readView(modules, request.consistency, call);
  const status = modules.raft.status();
  const { items, next } = await listObjects(modules, view, "node", request, (node) =>
    withManagerStatus(node, status),
  );
  return { nodes: items, next };
}

/** Ids of nodes whose managers are to leave: those asked to be workers. */
function demoted(view: StoreView): Set<string> {
  const ids = new Set<string>();
  for (const node of view.node.all())
    if (node.spec?.desiredRole === NodeRole.WORKER) ids.add(node.id);
  return ids;
}

/** Refuses a demotion that would end the cluster's ability to decide. */
function checkDemotion({ raft }: ControlModules, view: StoreView, node: Node): void {
  const others = [...view.node.all()].filter(
    (other) => other.id !== node.id && other.spec?.desiredRole === NodeRole.MANAGER,
  );
  if (others.length === 0) throw forbidden("attempting to demote the last manager of the swarm");
  const status = raft.status();
  if (!memberOf(status, node.id))
    throw new SwarmError("not-found", "can't find manager in raft memberlist");
  if (!keepsQuorum(status, demoted(view).add(node.id))) {
    throw forbidden("can't remove member from the raft: this would result in a loss of quorum");
  }
}

async function updateNode(
  modules: ControlModules,
  request: UpdateNodeRequest,
  call: Call,
): Promise<UpdateNodeResponse> {
  const spec = checkNode(request.spec);
  const { store, raft } = modules;
  const written = await store.update((tx) => {
    const stored = tx.view.node.resolve(request.id);
    checkVersion(stored, request.version);
    const demotion =
      stored.spec?.desiredRole === NodeRole.MANAGER && spec.desiredRole === NodeRole.WORKER;
    if (demotion) checkDemotion(modules, tx.view, stored);
    const node: Node = { ...stored, spec };
    tx.update("node", node);
    return node;
  }, call.signal);
  return { node: withManagerStatus(store.view.node.get(written.id) ?? written, raft.status()) };
}

/** Whether the update may take a manager's role away. */
function isDemotion({ store }: ControlModules, { id, spec }: UpdateNodeRequest): boolean {
  const now = store.view.node.get(id)?.spec?.desiredRole ?? NodeRole.MANAGER;
  return now === NodeRole.MANAGER && spec?.desiredRole === NodeRole.WORKER;
}

/** The calls on nodes. */
export function nodeApi(modules: ControlModules) {
  // One demotion after the other: each counts the managers that the one before has left.
  const demotions = new SerialQueue({ what: "demotions", max: WAITING_DEMOTIONS_MAX });
  return {
    getNode: (request, call) => getNode(modules, request, call),
    listNodes: (request, call) => listNodes(modules, request, call),
    updateNode: (request, call) =>
      isDemotion(modules, request)
        ? demotions.run(() => updateNode(modules, request, call))
        : updateNode(modules, request, call),
    removeNode: async (request, call) => {
      await removeNode(modules, request, call.signal);
      return {};
    },
  } satisfies Partial<ControlApi>;
}
