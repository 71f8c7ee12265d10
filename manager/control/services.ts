import { isSwarmError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import {
  UpdateServiceRequestRollback,
  type ControlApi,
  type CreateServiceRequest,
  type CreateServiceResponse,
  type GetServiceRequest,
  type GetServiceResponse,
  type ListServicesRequest,
  type ListServicesResponse,
  type ListServiceStatusesRequest,
  type ListServiceStatusesResponse,
  type RemoveServiceRequest,
  type RemoveServiceResponse,
  type Service,
  type ServiceSpec,
  type UpdateServiceRequest,
  type UpdateServiceResponse,
} from "../../proto/generated.ts";
import { plainEndpoint } from "../resources/endpoint.ts";
import type { Transaction } from "../store/transaction.ts";
import { checkVersion, readView, type ControlModules } from "./context.ts";
import { withServiceDefaults } from "./defaults.ts";
import { listObjects } from "./list.ts";
import { redactService } from "./redact.ts";
import { countTasks } from "./service-counts.ts";
import { checkReferences } from "./service-references.ts";
import { firstJobStatus, firstSpecVersion, planRollback, planUpdate } from "./service-update.ts";
import { checkService } from "./validate/service.ts";

async function getService(
  modules: ControlModules,
  request: GetServiceRequest,
  call: Call,
): Promise<GetServiceResponse> {
  const view = await readView(modules, request.consistency, call);
  const service = redactService(view.service.resolve(request.ref));
  if (!request.insertDefaults || !service.spec) return { service };
  return { service: { ...service, spec: withServiceDefaults(service.spec) } };
}

async function listServices(
  modules: ControlModules,
  request: ListServicesRequest,
  call: Call,
): Promise<ListServicesResponse> {
  const view = await readView(modules, request.consistency, call);
  const { items, next } = await listObjects(modules, view, "service", request, redactService);
  return { services: items, next };
}

/** A service without a mode is one replica, as everywhere in Docker's API. */
export function withMode(spec: ServiceSpec): ServiceSpec {
  if (spec.mode !== undefined) return spec;
  return { ...spec, mode: "replicated", replicated: { replicas: 1 } };
}

/** What is stored now; what was written when it has gone already. */
function current({ store }: ControlModules, written: Service): Service {
  return redactService(store.view.service.get(written.id) ?? written);
}

/**
 * Makes a change once more that lost a name or a port to another one made at the same moment: the
 * second time, the checks before it see the winner and say what is the matter.
 */
async function explained(change: () => Promise<Service>): Promise<Service> {
  try {
    return await change();
  } catch (error) {
    if (!isSwarmError(error, "exists")) throw error;
    return change();
  }
}

async function createService(
  modules: ControlModules,
  request: CreateServiceRequest,
  call: Call,
): Promise<CreateServiceResponse> {
  const { store, clock, random } = modules;
  const wanted = withMode(checkService(request.spec));
  const id = newId(random);
  const create = (tx: Transaction): Service => {
    const spec = checkReferences(tx.view, wanted, "");
    const service = make("Service", {
      id,
      spec,
      specVersion: firstSpecVersion(store.version),
      jobStatus: firstJobStatus(spec, clock.now()),
      endpoint: plainEndpoint(spec),
    });
    tx.create("service", service);
    return service;
  };
  const written = await explained(() => store.update(create, call.signal));
  return { service: current(modules, written), warnings: [] };
}

async function updateService(
  modules: ControlModules,
  request: UpdateServiceRequest,
  call: Call,
): Promise<UpdateServiceResponse> {
  const { store, clock } = modules;
  const rollback = request.rollback === UpdateServiceRequestRollback.PREVIOUS;
  const wanted = rollback ? undefined : withMode(checkService(request.spec));
  const update = (tx: Transaction): Service => {
    const stored = tx.view.service.resolve(request.id);
    checkVersion(stored, request.version);
    const planned = wanted
      ? planUpdate(stored, wanted, {
          nowMs: clock.now(),
          registryAuthFromPrevious: request.registryAuthFromPrevious,
        })
      : planRollback(stored, clock.now());
    const spec = planned.spec && checkReferences(tx.view, planned.spec, stored.id);
    const service: Service = { ...planned, spec };
    tx.update("service", service);
    return service;
  };
  const written = await explained(() => store.update(update, call.signal));
  return { service: current(modules, written), warnings: [] };
}

/** Removes the service; its tasks are stopped and removed by the orchestrator. */
async function removeService(
  { store }: ControlModules,
  request: RemoveServiceRequest,
  call: Call,
): Promise<RemoveServiceResponse> {
  await store.update((tx) => {
    tx.remove("service", tx.view.service.resolve(request.ref));
  }, call.signal);
  return {};
}

function listStatuses(
  { store }: ControlModules,
  { serviceIds }: ListServiceStatusesRequest,
): ListServiceStatusesResponse {
  return { statuses: serviceIds.map((id) => countTasks(store.view, id)) };
}

/** The calls on services. */
export function serviceApi(modules: ControlModules) {
  return {
    getService: (request, call) => getService(modules, request, call),
    listServices: (request, call) => listServices(modules, request, call),
    createService: (request, call) => createService(modules, request, call),
    updateService: (request, call) => updateService(modules, request, call),
    removeService: (request, call) => removeService(modules, request, call),
    listServiceStatuses: async (request) => listStatuses(modules, request),
  } satisfies Partial<ControlApi>;
}
