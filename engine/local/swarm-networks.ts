import type { NetworkAttachmentConfig, ServiceSpec } from "../../proto/generated.ts";
import type { ApiRequest } from "../api-request.ts";
import { RequestError } from "../request-error.ts";
import { askLocal } from "./ask-local.ts";

/** Container engines name what is theirs so; the swarm's ids are shorter. */
const LOCAL_ID = /^[0-9a-f]{64}$/;
/** Networks that every engine has and that the swarm knows by the same names. */
const EVERYWHERE = new Set(["host", "bridge"]);

async function toSwarm(
  request: ApiRequest,
  attachment: NetworkAttachmentConfig,
): Promise<NetworkAttachmentConfig> {
  const { target } = attachment;
  if (!LOCAL_ID.test(target)) return attachment;
  const reply = await askLocal(request, { method: "GET", path: `/networks/${target}` });
  if (reply?.status !== 200) return attachment;
  const { Name: name } = reply.body as { readonly Name: string };
  if (EVERYWHERE.has(name)) return { ...attachment, target: name };
  throw new RequestError(
    403,
    `The network ${name} cannot be used with services. Only networks scoped to the swarm can be ` +
      "used, such as those created with the overlay driver.",
  );
}

/**
 * `spec` with the networks that it names by the local engine's ids, as lists of networks show them,
 * under the names that the swarm has them by. Throws 403 for one that no other node has.
 */
export async function withSwarmNetworks(
  request: ApiRequest,
  spec: ServiceSpec,
): Promise<ServiceSpec> {
  const { task } = spec;
  if (!task || task.networks.length === 0) return spec;
  const networks = await Promise.all(task.networks.map((one) => toSwarm(request, one)));
  return { ...spec, task: { ...task, networks } };
}
