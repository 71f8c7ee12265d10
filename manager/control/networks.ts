import { SwarmError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import {
  TaskState,
  type ControlApi,
  type CreateNetworkRequest,
  type CreateNetworkResponse,
  type GetNetworkRequest,
  type GetNetworkResponse,
  type ListNetworksRequest,
  type ListNetworksResponse,
  type Network,
  type RemoveNetworkRequest,
  type RemoveNetworkResponse,
} from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";
import { readView, type ControlModules } from "./context.ts";
import { listObjects } from "./list.ts";
import { ingressNetwork, usesIngress } from "./service-references.ts";
import { forbidden } from "./validate/check.ts";
import { checkNetwork, PREDEFINED_LABEL } from "./validate/network.ts";

async function getNetwork(
  modules: ControlModules,
  request: GetNetworkRequest,
  call: Call,
): Promise<GetNetworkResponse> {
  const view = await readView(modules, request.consistency, call);
  return { network: view.network.resolve(request.ref) };
}

async function listNetworks(
  modules: ControlModules,
  request: ListNetworksRequest,
  call: Call,
): Promise<ListNetworksResponse> {
  const view = await readView(modules, request.consistency, call);
  const { items, next } = await listObjects(modules, view, "network", request);
  return { networks: items, next };
}

async function createNetwork(
  { store, random }: ControlModules,
  request: CreateNetworkRequest,
  call: Call,
): Promise<CreateNetworkResponse> {
  const spec = checkNetwork(request.spec);
  const name = spec.annotations?.name ?? "";
  const id = newId(random);
  const written = await store.update((tx) => {
    const ingress = spec.ingress ? ingressNetwork(tx.view) : undefined;
    if (ingress)
      throw new SwarmError("exists", `ingress network (${ingress.id}) is already present`);
    if (tx.view.network.named(name).size > 0)
      throw new SwarmError("exists", `network with name ${name} already exists`);
    const network = make("Network", { id, spec });
    tx.create("network", network);
    return network;
  }, call.signal);
  return { network: store.view.network.get(id) ?? written };
}

/** Refuses to take the routing mesh away from a service that publishes a port on it. */
function checkIngressUnused(view: StoreView): void {
  for (const service of view.service.all()) {
    if (!usesIngress(service.spec)) continue;
    throw forbidden(
      `ingress network cannot be removed because service ${service.id} depends on it`,
    );
  }
}

/**
 * Refuses while a service or a live task uses the network. A task whose service is gone does not
 * count: it is being stopped, and `stack rm` removes networks right after services.
 */
function checkUnused(view: StoreView, network: Network): void {
  for (const service of view.service.by("network", network.id))
    throw forbidden(`network ${network.id} is in use by service ${service.id}`);
  for (const task of view.task.by("network", network.id)) {
    if (task.serviceId !== "" && !view.service.get(task.serviceId)) continue;
    const live =
      task.desiredState <= TaskState.RUNNING && (task.status?.state ?? 0) <= TaskState.RUNNING;
    if (live) throw forbidden(`network ${network.id} is in use by task ${task.id}`);
  }
}

async function removeNetwork(
  { store }: ControlModules,
  request: RemoveNetworkRequest,
  call: Call,
): Promise<RemoveNetworkResponse> {
  await store.update((tx) => {
    const network = tx.view.network.resolve(request.ref);
    const { name = "", labels = {} } = network.spec?.annotations ?? {};
    if (Object.hasOwn(labels, PREDEFINED_LABEL))
      throw forbidden(`network ${name} is a swarm predefined network and cannot be removed`);
    if (network.spec?.ingress) checkIngressUnused(tx.view);
    else checkUnused(tx.view, network);
    tx.remove("network", network);
  }, call.signal);
  return {};
}

/** The calls on networks. A network cannot be changed: its tasks have its addresses. */
export function networkApi(modules: ControlModules) {
  return {
    getNetwork: (request, call) => getNetwork(modules, request, call),
    listNetworks: (request, call) => listNetworks(modules, request, call),
    createNetwork: (request, call) => createNetwork(modules, request, call),
    removeNetwork: (request, call) => removeNetwork(modules, request, call),
  } satisfies Partial<ControlApi>;
}
