import { base36 } from "../../lib/ids.ts";
import { SwarmError } from "../../lib/errors.ts";
import type { Random } from "../../lib/random.ts";
import type { Call } from "../../proto/call.ts";
import type {
  Cluster,
  ClusterSpec,
  ControlApi,
  GetClusterRequest,
  GetClusterResponse,
  KeyRotation,
  ReadUnlockKeyResponse,
  UpdateClusterRequest,
  UpdateClusterResponse,
} from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";
import { checkVersion, readView, type ControlModules } from "./context.ts";
import { redactCluster } from "./redact.ts";
import { nextRootCa } from "./root-ca.ts";
import { checkCluster, CLUSTER_NAME } from "./validate/cluster.ts";

const TOKEN_SECRET_BYTES = 16;
const TOKEN_SECRET_DIGITS = 25;
/** Length of the key that unlocks managers. */
export const UNLOCK_KEY_BYTES = 32;

/** The one cluster object. */
function clusterOf(view: StoreView): Cluster {
  for (const cluster of view.cluster.named(CLUSTER_NAME)) return cluster;
  throw new SwarmError("not-found", "cluster default not found");
}

async function getCluster(
  modules: ControlModules,
  request: GetClusterRequest,
  call: Call,
): Promise<GetClusterResponse> {
  const view = await readView(modules, request.consistency, call);
  return { cluster: redactCluster(clusterOf(view)) };
}

/** `token` with a new secret: version and digest of the root certificate stay. */
function rotateToken(token: string, random: Random): string {
  const secret = base36(random.bytes(TOKEN_SECRET_BYTES), TOKEN_SECRET_DIGITS);
  return `${token.slice(0, token.lastIndexOf("-"))}-${secret}`;
}

function rotateTokens(rootCa: Cluster["rootCa"], rotation: KeyRotation | null, random: Random) {
  const tokens = rootCa?.joinTokens;
  if (!rootCa || !tokens || !rotation) return rootCa;
  const { workerJoinToken, managerJoinToken } = rotation;
  const joinTokens = {
    worker: workerJoinToken ? rotateToken(tokens.worker, random) : tokens.worker,
    manager: managerJoinToken ? rotateToken(tokens.manager, random) : tokens.manager,
  };
  return { ...rootCa, joinTokens };
}

/** Turning autolock on makes a key, turning it off drops it. */
function nextUnlockKey(
  cluster: Cluster,
  spec: ClusterSpec,
  rotation: KeyRotation | null,
  random: Random,
): Uint8Array {
  if (!spec.encryption?.autoLockManagers) return new Uint8Array(0);
  const keep = cluster.unlockKey.length > 0 && !rotation?.managerUnlockKey;
  return keep ? cluster.unlockKey : random.bytes(UNLOCK_KEY_BYTES);
}

/** The spec as it is stored: signing material is kept in `rootCa` alone. */
function withoutSigningKey(spec: ClusterSpec): ClusterSpec {
  return spec.ca ? { ...spec, ca: { ...spec.ca, signingCaCert: "", signingCaKey: "" } } : spec;
}

async function updateCluster(
  modules: ControlModules,
  request: UpdateClusterRequest,
  call: Call,
): Promise<UpdateClusterResponse> {
  const { store, random } = modules;
  const spec = checkCluster(request.spec);
  const before = clusterOf(store.view);
  checkVersion(before, request.version);
  const rootCa = await nextRootCa(before, spec.ca, modules);
  const written = await store.update((tx) => {
    const stored = clusterOf(tx.view);
    checkVersion(stored, request.version);
    const cluster: Cluster = {
      ...stored,
      spec: withoutSigningKey(spec),
      rootCa: rotateTokens(rootCa, request.rotation, random),
      unlockKey: nextUnlockKey(stored, spec, request.rotation, random),
    };
    tx.update("cluster", cluster);
    return cluster;
  }, call.signal);
  return { cluster: redactCluster(store.view.cluster.get(written.id) ?? written) };
}

function readUnlockKey({ store }: ControlModules): ReadUnlockKeyResponse {
  return { unlockKey: clusterOf(store.view).unlockKey };
}

/** The calls on the cluster as a whole. */
export function clusterApi(modules: ControlModules) {
  return {
    getCluster: (request, call) => getCluster(modules, request, call),
    updateCluster: (request, call) => updateCluster(modules, request, call),
    readUnlockKey: async () => readUnlockKey(modules),
  } satisfies Partial<ControlApi>;
}
