import {
  EndpointSpecMode,
  PortProtocol,
  PublishMode,
  type EndpointSpec,
  type PortConfig,
} from "../../../proto/generated.ts";
import { checkEnum, duplicate, invalid } from "./check.ts";

const PORT_MAX = 65_535;

function checkPort(port: PortConfig): void {
  checkEnum(port.protocol, PortProtocol, "port protocol");
  checkEnum(port.publishMode, PublishMode, "publish mode");
  if (port.targetPort < 1 || port.targetPort > PORT_MAX)
    throw invalid(`EndpointSpec: invalid target port ${port.targetPort}`);
  if (port.publishedPort > PORT_MAX)
    throw invalid(`EndpointSpec: invalid published port ${port.publishedPort}`);
}

/** Checks ports: in range, unique, and none on the routing mesh when there is no virtual IP. */
export function checkEndpoint(endpoint: EndpointSpec | null): void {
  if (!endpoint) return;
  checkEnum(endpoint.mode, EndpointSpecMode, "endpoint mode");
  for (const port of endpoint.ports) checkPort(port);
  const ingress = endpoint.ports.some((port) => port.publishMode === PublishMode.INGRESS);
  if (endpoint.mode === EndpointSpecMode.DNSRR && ingress)
    throw invalid("EndpointSpec: port published with ingress mode can't be used with dnsrr mode");
  const clash = duplicate(
    endpoint.ports.filter((port) => port.publishedPort !== 0),
    (port) => `${port.protocol}/${port.publishedPort}`,
  );
  if (clash) throw invalid("EndpointSpec: duplicate published ports provided");
}
