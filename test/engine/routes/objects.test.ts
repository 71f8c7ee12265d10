import assert from "node:assert/strict";
import { make } from "../../../proto/codec.ts";
import { Rig } from "../rig.ts";

const TIME = "2026-01-02T03:04:05.67Z";
const DATA = Buffer.from("s3cret").toString("base64");

describe("secrets, configs and networks", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.open();
    rig.node.activate();
  });
  afterEach(() => rig.close());

  it("stores a secret and never gives its data back", async () => {
    const created = await rig.post("/secrets/create", {
      Name: "sec",
      Labels: { a: "b" },
      Data: DATA,
    });
    assert.equal(created.status, 201);
    const { ID } = created.json() as { ID: string };
    const { spec } = rig.control.secrets.find(ID);
    assert.equal(Buffer.from(spec?.data ?? []).toString(), "s3cret");
    const seen = await rig.get("/secrets/sec");
    assert.deepEqual(seen.json(), {
      ID,
      Version: { Index: 12 },
      CreatedAt: TIME,
      UpdatedAt: TIME,
      Spec: { Name: "sec", Labels: { a: "b" } },
    });
    const update = await rig.post("/secrets/sec/update?version=12", { Name: "sec", Labels: {} });
    assert.equal(update.status, 200);
    assert.equal((await rig.post("/secrets/sec/update?version=x", {})).status, 400);
    assert.equal((await rig.request("DELETE", "/secrets/sec")).status, 204);
    assert.equal((await rig.get("/secrets/sec")).status, 404);
  });

  it("refuses data that is not base64", async () => {
    for (const [Data, at] of [
      ["!", 0],
      ["abc", 0],
      ["abcdefg", 4],
      ["ab=c", 2],
    ] as const) {
      const reply = await rig.post("/secrets/create", { Name: "x", Data });
      assert.equal(reply.status, 400);
      assert.equal(reply.message(), `illegal base64 data at input byte ${at}`);
    }
  });

  it("gives a config's data back", async () => {
    const docker = rig.docker();
    const { id } = await docker.createConfig({ Name: "cfg", Labels: {}, Data: DATA });
    const [listed] = await docker.listConfigs({ filters: { name: ["cf"] } });
    assert.equal(listed?.ID, id);
    const seen = await docker.getConfig("cfg").inspect();
    assert.deepEqual(seen.Spec, { Name: "cfg", Labels: {}, Data: DATA });
    await docker.getConfig("cfg").remove();
    assert.deepEqual(await docker.listConfigs(), []);
  });

  it("filters secrets by prefix and by exact name", async () => {
    for (const Name of ["db", "db2"]) await rig.post("/secrets/create", { Name, Data: DATA });
    const names = async (filters: object): Promise<string[]> => {
      const query = encodeURIComponent(JSON.stringify(filters));
      const list = (await rig.get(`/secrets?filters=${query}`)).json() as {
        Spec: { Name: string };
      }[];
      return list.map(({ Spec }) => Spec.Name).sort();
    };
    assert.deepEqual(await names({ name: ["db"] }), ["db", "db2"]);
    assert.deepEqual(await names({ names: ["db"] }), ["db"]);
    const unknown = await rig.get(`/configs?filters={"names":["x"]}`);
    assert.equal(unknown.message(), "invalid filter 'names'");
  });

  it("prints an overlay network exactly as Docker does", async () => {
    const created = await rig.post("/networks/create", {
      Name: "ov",
      Driver: "overlay",
      CheckDuplicate: true,
      Attachable: true,
      IPAM: { Driver: "default", Config: [{ Subnet: "10.9.0.0/24" }] },
      Options: { encrypted: "" },
      Labels: { a: "b" },
    });
    assert.equal(created.status, 201, created.text);
    const { Id } = created.json() as { Id: string };
    assert.deepEqual(created.json(), { Id, Warning: "" });
    const network = rig.control.networks.find(Id);
    rig.control.putNetwork({
      ...network,
      driverState: make("Driver", { name: "overlay", options: { vni: "4097" } }),
      ipam: make("IpamOptions", {
        configs: [make("IpamConfig", { subnet: "10.9.0.0/24", gateway: "10.9.0.1" })],
      }),
    });
    assert.deepEqual((await rig.get("/v1.41/networks/ov")).json(), {
      Name: "ov",
      Id,
      Created: TIME,
      Scope: "swarm",
      Driver: "overlay",
      EnableIPv6: false,
      IPAM: {
        Driver: "default",
        Options: null,
        Config: [{ Subnet: "10.9.0.0/24", Gateway: "10.9.0.1" }],
      },
      Internal: false,
      Attachable: true,
      Ingress: false,
      ConfigFrom: { Network: "" },
      ConfigOnly: false,
      Containers: null,
      Options: { encrypted: "", vni: "4097" },
      Labels: { a: "b" },
    });
    const twice = await rig.post("/networks/create", { Name: "ov", Driver: "overlay" });
    assert.equal(twice.status, 409);
    assert.match(twice.message(), /network with name ov already exists$/);
  });

  it("lists networks by any part of their name, by scope and by driver", async () => {
    for (const Name of ["front", "back"])
      await rig.post("/networks/create", { Name, Driver: "overlay" });
    const names = async (filters: object): Promise<string[]> => {
      const query = encodeURIComponent(JSON.stringify(filters));
      const list = (await rig.get(`/networks?filters=${query}`)).json() as { Name: string }[];
      return list.map(({ Name }) => Name).sort();
    };
    assert.deepEqual(await names({}), ["back", "front"]);
    assert.deepEqual(await names({ name: ["ron"] }), ["front"]);
    assert.deepEqual(await names({ scope: { swarm: true } }), ["back", "front"]);
    assert.deepEqual(await names({ scope: ["local"] }), []);
    assert.deepEqual(await names({ driver: ["overlay"], type: ["custom"] }), ["back", "front"]);
    assert.equal((await rig.get("/networks/front?scope=local")).status, 404);
    assert.equal((await rig.request("DELETE", "/networks/front")).status, 204);
    assert.equal((await rig.get("/networks/front")).message(), "network front not found");
  });

  it("has no networks outside a swarm, and makes none of a local engine's", async () => {
    const bridge = await rig.post("/networks/create", { Name: "b", Driver: "bridge" });
    assert.equal(bridge.status, 503);
    rig.node.state = { ...rig.node.state, state: "inactive", controlAvailable: false };
    assert.deepEqual((await rig.get("/networks")).json(), []);
    assert.equal((await rig.get("/networks/x")).status, 404);
    const overlay = await rig.post("/networks/create", { Name: "o", Driver: "overlay" });
    assert.equal(overlay.status, 503);
  });
});
