import { formatDuration } from "../../../lib/units.ts";
import { PlacementStrategy, type CaConfig, type ClusterSpec } from "../../../proto/generated.ts";
import { checkEnum, invalid } from "./check.ts";
import { checkNumbers } from "./numbers.ts";

/** The name of the one cluster object. */
export const CLUSTER_NAME = "default";
/** Certificates must outlive a renewal's back-off. */
const NODE_CERT_EXPIRY_NS_MIN = 3600e9;

function checkCa(ca: CaConfig | null): void {
  if (!ca) return;
  if (ca.nodeCertExpiryNs !== 0 && ca.nodeCertExpiryNs < NODE_CERT_EXPIRY_NS_MIN) {
    const least = formatDuration(NODE_CERT_EXPIRY_NS_MIN);
    throw invalid(`minimum certificate expiry time is: ${least}`);
  }
  for (const external of ca.externalCas) {
    if (external.protocol !== "cfssl" && external.protocol !== "")
      throw invalid(`unknown external CA protocol "${external.protocol}": only cfssl is known`);
    if (!external.url.startsWith("https://"))
      throw invalid(`invalid external CA URL "${external.url}": it must start with https://`);
  }
  if (ca.signingCaKey !== "" && ca.signingCaCert === "")
    throw invalid("a signing CA key needs its certificate");
}

/** Checks the settings of the whole cluster. */
export function checkCluster(spec: ClusterSpec | null): ClusterSpec {
  if (!spec) throw invalid("a cluster spec is required");
  if (spec.annotations?.name !== CLUSTER_NAME)
    throw invalid(`swarm spec must be named "${CLUSTER_NAME}"`);
  checkCa(spec.ca);
  if ((spec.dispatcher?.heartbeatPeriodNs ?? 0) < 0)
    throw invalid("heartbeat time period cannot be a negative duration");
  const { heartbeatTick = 0, electionTick = 0 } = spec.raft ?? {};
  if (electionTick !== 0 && electionTick <= heartbeatTick)
    throw invalid("the election tick must be greater than the heartbeat tick");
  checkEnum(spec.taskDefaults?.strategy ?? 0, PlacementStrategy, "placement strategy");
  const { intervalNs = 0, warmUpNs = null } = spec.rebalance ?? {};
  if (intervalNs < 0) throw invalid("the rebalance interval cannot be a negative duration");
  if ((warmUpNs?.value ?? 0) < 0)
    throw invalid("the rebalance warm-up cannot be a negative duration");
  checkNumbers(spec);
  return spec;
}
