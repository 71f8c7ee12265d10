import assert from "node:assert/strict";
import { LocalEngine } from "../../../engine/local/local-engine.ts";
import { silentLog } from "../../../lib/log.ts";
import { make } from "../../../proto/codec.ts";
import { FakeContainerEngine } from "../../fakes/container-engine.ts";
import { ControlHarness } from "../../manager/control/harness.ts";
import { Rig } from "../rig.ts";

const SPEC = {
  Group: "fast",
  AccessMode: {
    Scope: "multi",
    Sharing: "onewriter",
    MountVolume: { FsType: "ext4", MountFlags: ["noatime"] },
  },
  AccessibilityRequirements: { Requisite: [{ Segments: { zone: "a" } }] },
  CapacityRange: { RequiredBytes: 1e9, LimitBytes: 2e9 },
  Availability: "active",
};
const VOLUME = {
  Name: "data",
  Driver: "csi",
  DriverOpts: { tier: "ssd" },
  Labels: { a: "b" },
  ClusterVolumeSpec: SPEC,
};

interface ClusterVolumeJson {
  readonly Name: string;
  readonly ClusterVolume: {
    readonly ID: string;
    readonly Version: { readonly Index: number };
    readonly Spec: object;
    readonly Info?: object;
  };
}

describe("/volumes", () => {
  let harness: ControlHarness;
  let engine: FakeContainerEngine;
  let rig: Rig;

  beforeEach(async () => {
    harness = new ControlHarness();
    engine = await FakeContainerEngine.open();
    const passthrough = new LocalEngine(engine.host, { log: silentLog });
    rig = await Rig.open({ passthrough, control: () => harness.api });
    rig.node.activate();
  });
  afterEach(async () => {
    await rig.close();
    await engine.close();
  });

  const read = async (): Promise<ClusterVolumeJson> => {
    const reply = await rig.get("/volumes/data");
    assert.equal(reply.status, 200, reply.text);
    return reply.json();
  };

  it("prints a volume of the cluster as Docker does", async () => {
    const made = await rig.post("/v1.47/volumes/create", VOLUME);
    assert.equal(made.status, 201, made.text);
    const { ClusterVolume, ...rest } = await read();
    const { ID: id, Spec, Version } = ClusterVolume;
    assert.match(id, /^[a-z0-9]{25}$/);
    assert.ok(Version.Index > 0);
    assert.deepEqual(Spec, SPEC);
    assert.deepEqual(
      { ...rest, CreatedAt: "" },
      {
        CreatedAt: "",
        Driver: "csi",
        Labels: { a: "b" },
        Mountpoint: "",
        Name: "data",
        Options: { tier: "ssd" },
        Scope: "global",
      },
    );
    assert.equal((await rig.post("/v1.47/volumes/create", VOLUME)).status, 409);
  });

  it("lists it beside those of the local engine, to clients that know such volumes", async () => {
    await rig.post("/volumes/create", VOLUME);
    const names = async (path: string): Promise<readonly string[]> => {
      const { Volumes } = (await rig.get(path)).json() as { Volumes: ClusterVolumeJson[] };
      return Volumes.map(({ Name }) => Name);
    };
    assert.deepEqual(await names("/volumes"), ["local1", "data"]);
    assert.deepEqual(await names("/v1.41/volumes"), ["local1"]);
    assert.deepEqual(await names('/volumes?filters={"label":["a=c"]}'), ["local1"]);
    assert.deepEqual(await names('/volumes?filters={"driver":["csi"]}'), ["local1", "data"]);
    assert.equal(((await rig.get("/volumes/local1")).json() as { Driver: string }).Driver, "local");
    assert.equal((await rig.get("/v1.41/volumes/data")).status, 404);
  });

  it("changes its availability, and nothing else", async () => {
    await rig.post("/volumes/create", VOLUME);
    const { Index } = (await read()).ClusterVolume.Version;
    const drained = { Spec: { ...SPEC, Availability: "drain" } };
    const put = (version: number, body: object) =>
      rig.request("PUT", `/volumes/data?version=${version}`, body);
    assert.equal((await put(Index + 1, drained)).status, 500);
    const other = await put(Index, { Spec: { ...SPEC, Group: "slow" } });
    assert.equal(other.status, 400);
    assert.match(other.message(), /only updates to Labels and Availability are allowed$/);
    assert.equal((await put(Index, drained)).status, 200);
    assert.deepEqual((await read()).ClusterVolume.Spec, drained.Spec);
    assert.equal((await rig.request("PUT", "/volumes/nope?version=1", drained)).status, 404);
    assert.equal((await rig.request("PUT", "/volumes/data", drained)).status, 400);
  });

  it("shows what its driver made and where it is, and keeps it while it is in use", async () => {
    await rig.post("/volumes/create", VOLUME);
    const { ID: id } = (await read()).ClusterVolume;
    await harness.store.update((tx) => {
      const volumeInfo = make("VolumeInfo", { volumeId: "v1", capacityBytes: 1e9 });
      const publishStatus = [make("VolumePublishStatus", { nodeId: "n1", state: 1 })];
      tx.update("volume", { ...harness.stored("volume", id), volumeInfo, publishStatus });
    });
    const { ClusterVolume } = await read();
    assert.deepEqual(ClusterVolume.Info, { VolumeID: "v1", CapacityBytes: 1e9 });
    const refused = await rig.request("DELETE", "/volumes/data");
    assert.match(refused.message(), /volume is still in use$/);
    assert.equal((await rig.request("DELETE", "/volumes/data?force=1")).status, 204);
    assert.equal((await rig.get("/volumes/data")).status, 404);
  });

  it("needs an access mode, and a driver", async () => {
    const cases = [
      [{ ...VOLUME, Driver: "" }, /driver must be specified$/],
      [{ ...VOLUME, ClusterVolumeSpec: {} }, /AccessMode must not be nil$/],
      [{ ...VOLUME, ClusterVolumeSpec: { AccessMode: {} } }, /either Mount or Block/],
      [{ ...VOLUME, ClusterVolumeSpec: { AccessMode: { Scope: "x" } } }, /invalid Scope: "x"/],
    ] as const;
    for (const [body, message] of cases) {
      const reply = await rig.post("/volumes/create", body);
      assert.equal(reply.status, 400);
      assert.match(reply.message(), message);
    }
  });
});
