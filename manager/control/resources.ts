import { SwarmError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import type {
  ControlApi,
  CreateResourceRequest,
  CreateResourceResponse,
  GetResourceRequest,
  GetResourceResponse,
  ListResourcesRequest,
  ListResourcesResponse,
  RemoveResourceRequest,
  RemoveResourceResponse,
  Resource,
  UpdateResourceRequest,
  UpdateResourceResponse,
} from "../../proto/generated.ts";
import { checkVersion, readView, type ControlModules } from "./context.ts";
import { listObjects } from "./list.ts";
import { invalid } from "./validate/check.ts";
import { requireName } from "./validate/names.ts";

async function getResource(
  modules: ControlModules,
  request: GetResourceRequest,
  call: Call,
): Promise<GetResourceResponse> {
  const view = await readView(modules, request.consistency, call);
  return { resource: view.resource.resolve(request.ref) };
}

async function listResources(
  modules: ControlModules,
  request: ListResourcesRequest,
  call: Call,
): Promise<ListResourcesResponse> {
  const view = await readView(modules, request.consistency, call);
  const { items, next } = await listObjects(modules, view, "resource", request);
  return { resources: items, next };
}

async function createResource(
  { store, random }: ControlModules,
  { annotations, kind, payload }: CreateResourceRequest,
  call: Call,
): Promise<CreateResourceResponse> {
  const { name } = requireName(annotations);
  if (kind === "") throw invalid("Resource must belong to an Extension");
  const written = make("Resource", { id: newId(random), annotations, kind, payload });
  await store.update((tx) => {
    const extensions = [...tx.view.extension.named(kind)];
    if (!extensions.some((extension) => extension.annotations?.name === kind))
      throw invalid(`Kind ${kind} is not registered`);
    if (tx.view.resource.named(name).size > 0)
      throw new SwarmError("exists", `resource ${name} already exists`);
    tx.create("resource", written);
  }, call.signal);
  return { resource: store.view.resource.get(written.id) ?? written };
}

/** Changes labels and payload; without annotations or payload, those stay as they are. */
async function updateResource(
  { store }: ControlModules,
  { id, version, annotations, payload }: UpdateResourceRequest,
  call: Call,
): Promise<UpdateResourceResponse> {
  const written = await store.update((tx) => {
    const stored = tx.view.resource.resolve(id);
    checkVersion(stored, version);
    if (annotations && annotations.name !== stored.annotations?.name)
      throw invalid("Resource names cannot be changed");
    const resource: Resource = {
      ...stored,
      annotations: annotations ?? stored.annotations,
      payload: payload.length > 0 ? payload : stored.payload,
    };
    tx.update("resource", resource);
    return resource;
  }, call.signal);
  return { resource: store.view.resource.get(written.id) ?? written };
}

async function removeResource(
  { store }: ControlModules,
  request: RemoveResourceRequest,
  call: Call,
): Promise<RemoveResourceResponse> {
  await store.update((tx) => {
    tx.remove("resource", tx.view.resource.resolve(request.ref));
  }, call.signal);
  return {};
}

/** The calls on resources: objects of the kinds that extensions name. */
export function resourceApi(modules: ControlModules) {
  return {
    getResource: (request, call) => getResource(modules, request, call),
    listResources: (request, call) => listResources(modules, request, call),
    createResource: (request, call) => createResource(modules, request, call),
    updateResource: (request, call) => updateResource(modules, request, call),
    removeResource: (request, call) => removeResource(modules, request, call),
  } satisfies Partial<ControlApi>;
}
