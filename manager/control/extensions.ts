import { SwarmError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import type {
  ControlApi,
  CreateExtensionRequest,
  CreateExtensionResponse,
  GetExtensionRequest,
  GetExtensionResponse,
  ListExtensionsRequest,
  ListExtensionsResponse,
  RemoveExtensionRequest,
  RemoveExtensionResponse,
} from "../../proto/generated.ts";
import { readView, type ControlModules } from "./context.ts";
import { listObjects } from "./list.ts";
import { invalid } from "./validate/check.ts";
import { requireName } from "./validate/names.ts";

async function getExtension(
  modules: ControlModules,
  request: GetExtensionRequest,
  call: Call,
): Promise<GetExtensionResponse> {
  const view = await readView(modules, request.consistency, call);
  return { extension: view.extension.resolve(request.ref) };
}

async function listExtensions(
  modules: ControlModules,
  request: ListExtensionsRequest,
  call: Call,
): Promise<ListExtensionsResponse> {
  const view = await readView(modules, request.consistency, call);
  const { items, next } = await listObjects(modules, view, "extension", request);
  return { extensions: items, next };
}

async function createExtension(
  { store, random }: ControlModules,
  { annotations, description }: CreateExtensionRequest,
  call: Call,
): Promise<CreateExtensionResponse> {
  const { name } = requireName(annotations);
  const written = make("Extension", { id: newId(random), annotations, description });
  await store.update((tx) => {
    if (tx.view.extension.named(name).size > 0)
      throw new SwarmError("exists", `extension ${name} already exists`);
    tx.create("extension", written);
  }, call.signal);
  return { extension: store.view.extension.get(written.id) ?? written };
}

async function removeExtension(
  { store }: ControlModules,
  request: RemoveExtensionRequest,
  call: Call,
): Promise<RemoveExtensionResponse> {
  await store.update((tx) => {
    const extension = tx.view.extension.resolve(request.ref);
    const name = extension.annotations?.name ?? "";
    const users = tx.view.resource.by("kind", name).size;
    if (users > 0) throw invalid(`extension ${name} is in use by ${users} resources`);
    tx.remove("extension", extension);
  }, call.signal);
  return {};
}

/** The calls on extensions: kinds of objects that others have added. */
export function extensionApi(modules: ControlModules) {
  return {
    getExtension: (request, call) => getExtension(modules, request, call),
    listExtensions: (request, call) => listExtensions(modules, request, call),
    createExtension: (request, call) => createExtension(modules, request, call),
    removeExtension: (request, call) => removeExtension(modules, request, call),
  } satisfies Partial<ControlApi>;
}
