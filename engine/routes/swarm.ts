import { assert } from "../../lib/assert.ts";
import { isSwarmError } from "../../lib/errors.ts";
import { NodeAvailability, NodeRole } from "../../proto/generated.ts";
import type { Cluster } from "../../proto/generated.ts";
import type { ApiRequest } from "../api-request.ts";
import { readAddressPools } from "../address-pools.ts";
import { readAdvertiseAddr, readDataPathAddr, readListenAddr } from "../addresses.ts";
import { JsonObject } from "../json-object.ts";
import { looseFlag, strictFlag, versionOf } from "../query.ts";
import { badRequest, nodeError, RequestError } from "../request-error.ts";
import { empty, json, type Reply, type Route } from "../route.ts";
import type { InitRequest, JoinRequest } from "../swarm-node.ts";
import { AVAILABILITIES } from "../translate/node.ts";
import { readSwarmSpec } from "../translate/swarm-spec.ts";
import { readUnlockKey, swarmJson, unlockKeyText } from "../translate/swarm.ts";
import { LOCKED_TEXT, notManager } from "../not-manager.ts";

const DATA_PATH_PORT = { default: 4789, min: 1024, max: 49_151 };

const ALREADY_PART =
  `This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and ` +
  "join another one.";
const JOIN_TIMEOUT =
  "Timeout was reached before node joined. The attempt to join the swarm will continue in the " +
  `background. Use the "docker info" command to see the current swarm status of your node.`;

function refuseMember({ modules }: ApiRequest): void {
  if (modules.node.localState().state !== "inactive") throw new RequestError(503, ALREADY_PART);
}

/** Runs an action of the local node; its refusals reach the client without a gRPC look. */
async function act<T>(action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (error) {
    throw nodeError(error);
  }
}

function readAvailability(body: JsonObject): NodeAvailability {
  return AVAILABILITIES.parse(body.text("Availability").toLowerCase(), NodeAvailability.ACTIVE);
}

function readInit({ body, modules }: ApiRequest): InitRequest {
  const { state } = modules.node.localState();
  const addresses = modules.node.hostAddresses();
  const listen = readListenAddr(body.text("ListenAddr"), addresses);
  const dataPathPort = body.unsigned("DataPathPort") || DATA_PATH_PORT.default;
  if (dataPathPort < DATA_PATH_PORT.min || dataPathPort > DATA_PATH_PORT.max)
    throw new RequestError(
      500,
      `Datapath port number is not in valid range (1024-49151) : ${dataPathPort}`,
    );
  const pools = readAddressPools(body);
  const spec = readSwarmSpec(body.object("Spec") ?? new JsonObject({}));
  const locks = body.flag("AutoLockManagers") || spec.encryption?.autoLockManagers || false;
  return {
    listen,
    advertise: readAdvertiseAddr(body.text("AdvertiseAddr"), listen, addresses),
    dataPathAddr: readDataPathAddr(body.text("DataPathAddr"), addresses),
    dataPathPort,
    ...pools,
    // Where there is no cluster yet, force makes no difference.
    forceNewCluster: (body.flag("ForceNewCluster") ?? false) && state !== "inactive",
    availability: readAvailability(body),
    spec: { ...spec, encryption: { autoLockManagers: locks } },
  };
}

async function init(request: ApiRequest): Promise<Reply> {
  if (!request.body.flag("ForceNewCluster")) refuseMember(request);
  const { node } = request.modules;
  return json(await act(node.init(readInit(request), request.call.signal)));
}

function readJoin({ body, modules }: ApiRequest): JoinRequest {
  const addresses = modules.node.hostAddresses();
  const listen = readListenAddr(body.text("ListenAddr"), addresses);
  const advertise = body.text("AdvertiseAddr");
  const remoteAddrs = body.texts("RemoteAddrs");
  if (remoteAddrs.length === 0) throw badRequest("at least 1 RemoteAddr is required to join");
  return {
    listen,
    advertise: advertise ? readAdvertiseAddr(advertise, listen, addresses) : undefined,
    dataPathAddr: readDataPathAddr(body.text("DataPathAddr"), addresses),
    remoteAddrs,
    joinToken: body.text("JoinToken"),
    availability: readAvailability(body),
  };
}

async function join(request: ApiRequest): Promise<Reply> {
  refuseMember(request);
  await act(request.modules.node.join(readJoin(request), request.call.signal));
  return empty();
}

/** Why a manager should not leave without force: one sentence by how many would remain. */
async function leaveWarning(request: ApiRequest): Promise<string> {
  const start =
    "You are attempting to leave the swarm on a node that is participating as a manager. ";
  const end = "Use `--force` to ignore this message. ";
  try {
    const { consistency, call } = request;
    const { nodes } = await request
      .control()
      .listNodes({ filter: null, page: null, consistency }, call);
    const managers = nodes.filter((node) => node.spec?.desiredRole === NodeRole.MANAGER).length;
    if (managers <= 1)
      return `${start}Removing the last manager erases all current state of the swarm. ${end}`;
    return (
      `${start}The only way to restore a swarm that has lost consensus is to reinitialize it ` +
      `with \`--force-new-cluster\`. Demote this node first, or ${end.toLowerCase()}`
    );
  } catch {
    // Without a leader nobody can count; leaving is as dangerous as it gets.
    return `${start}The swarm has no leader now. ${end}`;
  }
}

async function leave(request: ApiRequest): Promise<Reply> {
  const { node } = request.modules;
  const force = looseFlag(request.query, "force");
  const { state, controlAvailable } = node.localState();
  if (state === "inactive") throw new RequestError(503, "This node is not part of a swarm");
  if (!force && state === "locked") throw new RequestError(503, LOCKED_TEXT);
  if (!force && controlAvailable) throw new RequestError(503, await leaveWarning(request));
  await act(node.leave(force, request.call.signal));
  return empty();
}

async function readCluster(request: ApiRequest): Promise<Cluster> {
  const { consistency, call } = request;
  const { cluster } = await request.control().getCluster({ consistency }, call);
  assert(cluster, "a manager has a cluster");
  return cluster;
}

async function inspect(request: ApiRequest): Promise<Reply> {
  return json(swarmJson(await readCluster(request)));
}

async function update(request: ApiRequest): Promise<Reply> {
  const { query } = request;
  const version = versionOf(query, "swarm");
  const rotation = {
    workerJoinToken: strictFlag(query, "rotateWorkerToken"),
    managerJoinToken: strictFlag(query, "rotateManagerToken"),
    managerUnlockKey: strictFlag(query, "rotateManagerUnlockKey"),
  };
  const control = request.control();
  const spec = readSwarmSpec(request.body);
  await control.updateCluster({ version, spec, rotation }, request.call);
  return empty();
}

async function unlockKey(request: ApiRequest): Promise<Reply> {
  const { unlockKey: key } = await request.control().readUnlockKey({}, request.call);
  return json({ UnlockKey: unlockKeyText(key) });
}

async function unlock(request: ApiRequest): Promise<Reply> {
  const { node } = request.modules;
  const state = node.localState();
  if (state.controlAvailable) throw new RequestError(409, "swarm is not locked");
  if (state.state !== "locked") throw notManager(state);
  const key = readUnlockKey(request.body.text("UnlockKey"));
  try {
    await node.unlock(key, request.call.signal);
  } catch (error) {
    if (!isSwarmError(error, "unauthenticated")) throw nodeError(error);
    throw new RequestError(401, "swarm could not be unlocked: invalid key provided");
  }
  return empty();
}

export const swarmRoutes: readonly Route[] = [
  { method: "POST", path: "/swarm/init", handle: init },
  { method: "POST", path: "/swarm/join", handle: join, late: JOIN_TIMEOUT },
  { method: "POST", path: "/swarm/leave", handle: leave },
  { method: "GET", path: "/swarm", handle: inspect },
  { method: "POST", path: "/swarm/update", handle: update },
  { method: "GET", path: "/swarm/unlockkey", handle: unlockKey },
  { method: "POST", path: "/swarm/unlock", handle: unlock },
];
