import { make } from "../../proto/codec.ts";
import {
  EndpointSpecMode,
  PortProtocol,
  PublishMode,
  type Endpoint,
  type EndpointSpec,
  type PortConfig,
} from "../../proto/generated.ts";
import type { JsonObject } from "../json-object.ts";
import { some, type Json } from "./common.ts";
import { Names } from "./names.ts";

const MODES = new Names<EndpointSpecMode>("resolution mode", {
  vip: EndpointSpecMode.VIP,
  dnsrr: EndpointSpecMode.DNSRR,
});
const PROTOCOLS = new Names<PortProtocol>("protocol", {
  tcp: PortProtocol.TCP,
  udp: PortProtocol.UDP,
  sctp: PortProtocol.SCTP,
});
const PUBLISH_MODES = new Names<PublishMode>("publish mode", {
  ingress: PublishMode.INGRESS,
  host: PublishMode.HOST,
});

/** One published port. */
export function portJson(port: PortConfig): Json {
  return {
    Name: some(port.name),
    Protocol: PROTOCOLS.word(port.protocol),
    TargetPort: some(port.targetPort),
    PublishedPort: some(port.publishedPort),
    PublishMode: PUBLISH_MODES.word(port.publishMode),
  };
}

function readPort(json: JsonObject): PortConfig {
  return make("PortConfig", {
    name: json.text("Name"),
    protocol: PROTOCOLS.parse(json.text("Protocol").toLowerCase(), PortProtocol.TCP),
    targetPort: json.unsigned("TargetPort"),
    publishedPort: json.unsigned("PublishedPort"),
    publishMode: PUBLISH_MODES.parse(json.text("PublishMode").toLowerCase(), PublishMode.INGRESS),
  });
}

/** `EndpointSpec`; undefined for null: Docker prints none where none was sent. */
export function endpointSpecJson(spec: EndpointSpec | null): Json | undefined {
  return spec ? { Mode: MODES.word(spec.mode), Ports: some(spec.ports.map(portJson)) } : undefined;
}

/** Reads `EndpointSpec`; null when absent. */
export function readEndpointSpec(json: JsonObject | undefined): EndpointSpec | null {
  if (!json) return null;
  return make("EndpointSpec", {
    mode: MODES.parse(json.text("Mode"), EndpointSpecMode.VIP),
    ports: json.list("Ports").map(readPort),
  });
}

/**
 * `Endpoint` of a service: never left out, `{"Spec":{}}` at least. Its spec is shown where the user
 * gave one (`asked`) and the service has a port or an address.
 */
export function endpointJson(endpoint: Endpoint | null, asked: boolean): Json {
  const virtualIps = endpoint?.virtualIps ?? [];
  const isUsed = virtualIps.length + (endpoint?.ports.length ?? 0) > 0;
  return {
    Spec: (asked && isUsed && endpointSpecJson(endpoint?.spec ?? null)) || {},
    Ports: some((endpoint?.ports ?? []).map(portJson)),
    VirtualIPs: some(
      virtualIps.map((ip) => ({ NetworkID: some(ip.networkId), Addr: some(ip.addr) })),
    ),
  };
}
