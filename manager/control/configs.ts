import { newId } from "../../lib/ids.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import type {
  Config,
  ControlApi,
  CreateConfigRequest,
  CreateConfigResponse,
  GetConfigRequest,
  GetConfigResponse,
  ListConfigsRequest,
  ListConfigsResponse,
  RemoveConfigRequest,
  RemoveConfigResponse,
  UpdateConfigRequest,
  UpdateConfigResponse,
} from "../../proto/generated.ts";
import { checkVersion, readView, type ControlModules } from "./context.ts";
import { listObjects } from "./list.ts";
import { checkUnused, nameTaken, relabel } from "./payload-rules.ts";
import { checkConfig } from "./validate/payload.ts";

async function getConfig(
  modules: ControlModules,
  request: GetConfigRequest,
  call: Call,
): Promise<GetConfigResponse> {
  const view = await readView(modules, request.consistency, call);
  return { config: view.config.resolve(request.ref) };
}

async function listConfigs(
  modules: ControlModules,
  request: ListConfigsRequest,
  call: Call,
): Promise<ListConfigsResponse> {
  const view = await readView(modules, request.consistency, call);
  const { items, next } = await listObjects(modules, view, "config", request);
  return { configs: items, next };
}

async function createConfig(
  { store, random }: ControlModules,
  request: CreateConfigRequest,
  call: Call,
): Promise<CreateConfigResponse> {
  const spec = checkConfig(request.spec);
  const name = spec.annotations?.name ?? "";
  const written = make("Config", { id: newId(random), spec });
  await store.update((tx) => {
    if (tx.view.config.named(name).size > 0) throw nameTaken("config", name);
    tx.create("config", written);
  }, call.signal);
  return { config: store.view.config.get(written.id) ?? written };
}

async function updateConfig(
  { store }: ControlModules,
  request: UpdateConfigRequest,
  call: Call,
): Promise<UpdateConfigResponse> {
  const written = await store.update((tx) => {
    const stored = tx.view.config.resolve(request.id);
    checkVersion(stored, request.version);
    const spec = stored.spec && relabel(stored.spec, request.spec);
    const config: Config = { ...stored, spec };
    tx.update("config", config);
    return config;
  }, call.signal);
  return { config: store.view.config.get(written.id) ?? written };
}

async function removeConfig(
  { store }: ControlModules,
  request: RemoveConfigRequest,
  call: Call,
): Promise<RemoveConfigResponse> {
  await store.update((tx) => {
    const config = tx.view.config.resolve(request.ref);
    const name = config.spec?.annotations?.name ?? "";
    checkUnused("config", name, tx.view.service.by("config", config.id));
    tx.remove("config", config);
  }, call.signal);
  return {};
}

/** The calls on configs. */
export function configApi(modules: ControlModules) {
  return {
    getConfig: (request, call) => getConfig(modules, request, call),
    listConfigs: (request, call) => listConfigs(modules, request, call),
    createConfig: (request, call) => createConfig(modules, request, call),
    updateConfig: (request, call) => updateConfig(modules, request, call),
    removeConfig: (request, call) => removeConfig(modules, request, call),
  } satisfies Partial<ControlApi>;
}
