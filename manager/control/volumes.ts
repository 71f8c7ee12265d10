import { isDeepStrictEqual } from "node:util";
import { SwarmError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import type {
  ControlApi,
  CreateVolumeRequest,
  CreateVolumeResponse,
  GetVolumeRequest,
  GetVolumeResponse,
  ListVolumesRequest,
  ListVolumesResponse,
  RemoveVolumeRequest,
  RemoveVolumeResponse,
  UpdateVolumeRequest,
  UpdateVolumeResponse,
  Volume,
  VolumeSpec,
} from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";
import { checkVersion, readView, type ControlModules } from "./context.ts";
import { listObjects } from "./list.ts";
import { forbidden, invalid } from "./validate/check.ts";
import { checkVolume } from "./validate/volume.ts";

async function getVolume(
  modules: ControlModules,
  request: GetVolumeRequest,
  call: Call,
): Promise<GetVolumeResponse> {
  const view = await readView(modules, request.consistency, call);
  return { volume: view.volume.resolve(request.ref) };
}

async function listVolumes(
  modules: ControlModules,
  request: ListVolumesRequest,
  call: Call,
): Promise<ListVolumesResponse> {
  const view = await readView(modules, request.consistency, call);
  const { items, next } = await listObjects(modules, view, "volume", request);
  return { volumes: items, next };
}

function checkSecrets(view: StoreView, spec: VolumeSpec): void {
  const missing = spec.secrets.map(({ secret }) => secret).filter((id) => !view.secret.get(id));
  if (missing.length === 0) return;
  const plural = missing.length > 1 ? "s" : "";
  throw invalid(`secret${plural} not found: ${missing.join(", ")}`);
}

async function createVolume(
  { store, random }: ControlModules,
  request: CreateVolumeRequest,
  call: Call,
): Promise<CreateVolumeResponse> {
  const spec = checkVolume(request.spec);
  const name = spec.annotations?.name ?? "";
  const written = make("Volume", { id: newId(random), spec });
  await store.update((tx) => {
    checkSecrets(tx.view, spec);
    if (tx.view.volume.named(name).size > 0)
      throw new SwarmError("exists", `volume ${name} already exists`);
    tx.create("volume", written);
  }, call.signal);
  return { volume: store.view.volume.get(written.id) ?? written };
}

/** The stored spec with labels and availability of `wanted`, which may change nothing else. */
function changedSpec(stored: VolumeSpec, wanted: VolumeSpec): VolumeSpec {
  const labels = wanted.annotations?.labels ?? {};
  const annotations = stored.annotations && { ...stored.annotations, labels };
  const spec = { ...stored, annotations, availability: wanted.availability };
  if (!isDeepStrictEqual(spec, wanted))
    throw invalid("only updates to Labels and Availability are allowed");
  return spec;
}

async function updateVolume(
  { store }: ControlModules,
  request: UpdateVolumeRequest,
  call: Call,
): Promise<UpdateVolumeResponse> {
  const wanted = checkVolume(request.spec);
  const written = await store.update((tx) => {
    const stored = tx.view.volume.resolve(request.id);
    checkVersion(stored, request.version);
    const spec = stored.spec && changedSpec(stored.spec, wanted);
    const volume: Volume = { ...stored, spec };
    tx.update("volume", volume);
    return volume;
  }, call.signal);
  return { volume: store.view.volume.get(written.id) ?? written };
}

/**
 * Marks the volume for deletion by its driver; one that no driver can have made, or any with `force`,
 * goes at once.
 */
async function removeVolume(
  { store }: ControlModules,
  { ref, force }: RemoveVolumeRequest,
  call: Call,
): Promise<RemoveVolumeResponse> {
  await store.update((tx) => {
    const volume = tx.view.volume.resolve(ref);
    if (force) tx.remove("volume", volume);
    else if (volume.publishStatus.length > 0) throw forbidden("volume is still in use");
    else if (!volume.volumeInfo && !volume.maybeMade) tx.remove("volume", volume);
    else if (!volume.pendingDelete) tx.update("volume", { ...volume, pendingDelete: true });
  }, call.signal);
  return {};
}

/** The calls on cluster volumes. */
export function volumeApi(modules: ControlModules) {
  return {
    getVolume: (request, call) => getVolume(modules, request, call),
    listVolumes: (request, call) => listVolumes(modules, request, call),
    createVolume: (request, call) => createVolume(modules, request, call),
    updateVolume: (request, call) => updateVolume(modules, request, call),
    removeVolume: (request, call) => removeVolume(modules, request, call),
  } satisfies Partial<ControlApi>;
}
