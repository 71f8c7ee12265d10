import assert from "node:assert/strict";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  PublishMode,
  TaskState,
  type IpamConfig,
  type NetworkSpec,
  type Service,
} from "../../../proto/generated.ts";
import { aService, aTask } from "../../fakes/objects.ts";
import { ControlHarness, refused } from "./harness.ts";

describe("control: networks", () => {
  let harness: ControlHarness;
  beforeEach(() => {
    harness = new ControlHarness();
  });

  const create = async (
    name: string,
    fields: Fields<NetworkSpec> = {},
    labels: Record<string, string> = {},
  ): Promise<string> => {
    const annotations = make("Annotations", { name, labels });
    const spec = make("NetworkSpec", { annotations, ...fields });
    const request = make("CreateNetworkRequest", { spec });
    const { network } = await harness.api.createNetwork(request, harness.call);
    return network?.id ?? "";
  };
  const remove = (ref: string) =>
    harness.api.removeNetwork(make("RemoveNetworkRequest", { ref }), harness.call);
  const pool = (fields: Fields<IpamConfig>): Fields<NetworkSpec> => ({
    ipam: make("IpamOptions", { configs: [make("IpamConfig", fields)] }),
  });
  const attached = (id: string, network: string): Service =>
    aService(id, {
      spec: {
        task: make("TaskSpec", {
          runtime: "container",
          container: make("ContainerSpec", { image: "busybox" }),
          networks: [make("NetworkAttachmentConfig", { target: network })],
        }),
      },
    });

  it("are made once under a name and found by it", async () => {
    const id = await create("back");
    await refused(create("back"), "exists", "network with name back already exists");
    const request = make("GetNetworkRequest", { ref: "back" });
    const { network } = await harness.api.getNetwork(request, harness.call);
    assert.equal(network?.id, id);
    const list = await harness.api.listNetworks(make("ListNetworksRequest"), harness.call);
    assert.equal(list.networks.length, 1);
  });

  it("have names fit for the Domain Name System", async () => {
    await refused(create(""), "invalid", "meta: name must be provided");
    await refused(create("-a"), "invalid", "name must be valid as a DNS name component");
    await refused(create("a".repeat(64)), "invalid", "name must be 63 characters or fewer");
  });

  it("have one ingress network, which nobody attaches to by hand", async () => {
    await refused(
      create("ingress", { ingress: true, attachable: true }),
      "invalid",
      "ingress network cannot be attachable",
    );
    const id = await create("ingress", { ingress: true });
    await refused(
      create("other", { ingress: true }),
      "exists",
      `ingress network (${id}) is already present`,
    );
  });

  it("cannot claim to be predefined", async () => {
    const labels = { "com.docker.swarm.predefined": "true" };
    await refused(create("host", {}, labels), "denied", /reserved/);
  });

  it("have ranges and gateways inside of their subnets", async () => {
    const subnet = "10.5.0.0/24";
    const bad: [Fields<IpamConfig>, RegExp][] = [
      [{ subnet: "10.5.0.0" }, /invalid subnet 10\.5\.0\.0/],
      [{ subnet: "" }, /subnet is required/],
      [{ subnet, range: "10.6.0.0/25" }, /does not contain range 10\.6\.0\.0\/25/],
      [{ subnet, range: "10.5.0.0/16" }, /does not contain range/],
      [{ subnet, gateway: "10.5.1.1" }, /does not contain gateway 10\.5\.1\.1/],
      [{ subnet, gateway: "fd00::1" }, /does not contain gateway/],
      [{ subnet, gateway: "nobody" }, /invalid gateway nobody/],
    ];
    for (const [fields, text] of bad) await refused(create("n", pool(fields)), "invalid", text);
    await create("n", pool({ subnet, range: "10.5.0.128/25", gateway: "10.5.0.1" }));
    await create("six", pool({ subnet: "fd00:1::/64", gateway: "fd00:1::1" }));
  });

  it("have no two subnets that overlap", async () => {
    const configs = ["10.5.0.0/16", "10.5.9.0/24"].map((subnet) => make("IpamConfig", { subnet }));
    const ipam = make("IpamOptions", { configs });
    await refused(create("n", { ipam }), "invalid", /overlap/);
  });

  it("stay while a service refers to them", async () => {
    const id = await create("back");
    await harness.put("service", attached("s1", id));
    await refused(remove("back"), "failed-precondition", `network ${id} is in use by service s1`);
  });

  it("stay while a live task of a service or of nobody has their addresses", async () => {
    const id = await create("back");
    const networks = [make("NetworkAttachment", { networkId: id })];
    await harness.put("task", aTask("t1", null, { networks }));
    await refused(remove("back"), "failed-precondition", `network ${id} is in use by task t1`);
    await harness.store.update((tx) => {
      const status = make("TaskStatus", { state: TaskState.SHUTDOWN });
      tx.update("task", { ...harness.stored("task", "t1"), status });
    });
    await remove("back");
  });

  it("go right after the services that used them, while tasks still stop", async () => {
    const id = await create("back");
    const service = attached("s1", id);
    await harness.put("service", service);
    const networks = [make("NetworkAttachment", { networkId: id })];
    await harness.put("task", aTask("t1", service, { networks }));
    await harness.api.removeService(make("RemoveServiceRequest", { ref: "s1" }), harness.call);
    await remove("back");
    assert.equal(harness.store.view.network.size, 0);
  });

  it("of the routing mesh stay while a service publishes a port there", async () => {
    await create("ingress", { ingress: true });
    const ports = (publishMode: PublishMode) => ({
      endpoint: make("EndpointSpec", {
        ports: [make("PortConfig", { targetPort: 80, publishMode })],
      }),
    });
    await harness.put("service", aService("host", { spec: ports(PublishMode.HOST) }));
    await harness.put("service", aService("web", { spec: ports(PublishMode.INGRESS) }));
    await refused(
      remove("ingress"),
      "failed-precondition",
      "ingress network cannot be removed because service web depends on it",
    );
    await harness.api.removeService(make("RemoveServiceRequest", { ref: "web" }), harness.call);
    await remove("ingress");
  });

  it("that are predefined cannot be removed", async () => {
    const labels = { "com.docker.swarm.predefined": "true" };
    const annotations = make("Annotations", { name: "host", labels });
    const spec = make("NetworkSpec", { annotations });
    await harness.put("network", make("Network", { id: "n1", spec }));
    await refused(remove("host"), "failed-precondition", /predefined network/);
  });
});
