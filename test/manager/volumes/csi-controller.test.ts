import assert from "node:assert/strict";
import { isSwarmError, SwarmError } from "../../../lib/errors.ts";
import type { ControllerDriver } from "../../../manager/volumes/controller-driver.ts";
import { CsiController } from "../../../manager/volumes/csi-controller.ts";
import { make } from "../../../proto/codec.ts";
import type { CsiPlugin } from "../../../proto/csi-plugin.ts";
import {
  CsiControllerServiceCapabilityRpcType as Ability,
  CsiPluginCapabilityServiceType as PluginAbility,
  CsiVolumeCapabilityAccessModeMode as Mode,
  VolumeAccessModeSharing as Sharing,
} from "../../../proto/generated.ts";
import type { FakeCsiPlugin } from "../../fakes/csi-plugin.ts";
import { CsiStage } from "../../fakes/csi-stage.ts";
import type { CsiStorage } from "../../fakes/csi-storage.ts";
import { eventually } from "../../fakes/eventually.ts";

const { signal } = new AbortController();
const SECRETS = { token: "s3cret-word" };
const REQUIREMENTS = { requisite: [{ segments: { zone: "a" } }], preferred: [] };
const VOLUME = make("Volume", {
  id: "v1",
  spec: make("VolumeSpec", {
    annotations: make("Annotations", { name: "data" }),
    driver: make("Driver", { name: "disks", options: { tier: "ssd" } }),
    accessMode: make("VolumeAccessMode", {
      sharing: Sharing.READ_ONLY,
      accessType: "mount",
      mount: { fsType: "ext4", mountFlags: ["noatime"] },
    }),
    capacityRange: { requiredBytes: 5, limitBytes: 9 },
    accessibilityRequirements: REQUIREMENTS,
  }),
  volumeInfo: make("VolumeInfo", { volumeId: "disk-1", volumeContext: { a: "b" } }),
});
const CAPABILITY = {
  accessMode: { mode: Mode.SINGLE_NODE_READER_ONLY },
  accessType: "mount",
  mount: { fsType: "ext4", mountFlags: ["noatime"] },
};

describe("the controller of a CSI plugin", () => {
  let stage: CsiStage;
  let storage: CsiStorage;
  let plugin: FakeCsiPlugin;
  let client: CsiPlugin;
  let driver: CsiController;

  beforeEach(async () => {
    stage = await CsiStage.open();
    ({ storage, plugin, client } = stage);
    driver = new CsiController(client);
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  /** The plugin comes back with a call that fails. */
  const failing = async (call: keyof ControllerDriver, error: SwarmError): Promise<void> => {
    plugin.crash();
    const controller = { ...storage.controller(), [call]: () => Promise.reject(error) };
    plugin.backend = { ...plugin.backend, controller };
    await plugin.start();
  };

  const fails = async (work: Promise<unknown>): Promise<SwarmError> => {
    const error: unknown = await work.then(
      () => undefined,
      (reason) => reason,
    );
    assert.ok(isSwarmError(error), String(error));
    return error;
  };

  it("tells the plugin all that the specification has a field for", async () => {
    const info = await driver.createVolume(VOLUME, SECRETS, signal);
    assert.deepEqual(info, make("VolumeInfo", { volumeId: "disk-1", capacityBytes: 1 << 20 }));
    const context = await driver.controllerPublishVolume(VOLUME, "csi-n1", SECRETS, signal);
    assert.deepEqual(context, { disk: "disk-1" });
    await driver.controllerUnpublishVolume("disk-1", "csi-n1", SECRETS, signal);
    await driver.deleteVolume("disk-1", SECRETS, signal);
    assert.deepEqual(plugin.requests, [
      {
        method: "CreateVolume",
        request: {
          name: "v1",
          capacityRange: { requiredBytes: 5, limitBytes: 9 },
          volumeCapabilities: [CAPABILITY],
          parameters: { tier: "ssd" },
          secrets: SECRETS,
          accessibilityRequirements: REQUIREMENTS,
        },
      },
      {
        method: "ControllerPublishVolume",
        request: {
          volumeId: "disk-1",
          nodeId: "csi-n1",
          volumeCapability: CAPABILITY,
          readonly: true,
          secrets: SECRETS,
          volumeContext: { a: "b" },
        },
      },
      {
        method: "ControllerUnpublishVolume",
        request: { volumeId: "disk-1", nodeId: "csi-n1", secrets: SECRETS },
      },
      { method: "DeleteVolume", request: { volumeId: "disk-1", secrets: SECRETS } },
    ]);
    assert.ok(storage.isEmpty);
  });

  it("asks for nothing that the plugin does not say it can do", async () => {
    plugin.abilities = { plugin: [], controller: [], node: [] };
    const info = await driver.createVolume(VOLUME, SECRETS, signal);
    assert.equal(info.volumeId, "data", "somebody has made it, under the volume's name");
    assert.deepEqual(info.volumeContext, { tier: "ssd" });
    assert.deepEqual(await driver.controllerPublishVolume(VOLUME, "csi-n1", SECRETS, signal), {});
    await driver.controllerUnpublishVolume("data", "csi-n1", SECRETS, signal);
    await driver.deleteVolume("data", SECRETS, signal);
    assert.deepEqual(plugin.requests, []);
  });

  it("names no places to a plugin that tells none apart, nor reading to one that cannot", async () => {
    const { controller } = plugin.abilities;
    plugin.abilities = {
      plugin: [PluginAbility.CONTROLLER_SERVICE],
      controller: controller.filter((one) => one !== Ability.PUBLISH_READONLY),
      node: [],
    };
    await driver.createVolume(VOLUME, {}, signal);
    await driver.controllerPublishVolume(VOLUME, "csi-n1", {}, signal);
    const [create, publish] = plugin.requests.map(({ request }) => request as never);
    assert.equal(create?.["accessibilityRequirements"], null);
    assert.equal(publish?.["readonly"], false);
  });

  it("has a plugin that makes no volumes confirm the one that is there", async () => {
    plugin.abilities = { ...plugin.abilities, controller: [] };
    assert.equal((await driver.createVolume(VOLUME, {}, signal)).volumeId, "data");
    assert.deepEqual(
      plugin.requests.map(({ method }) => method),
      ["ValidateVolumeCapabilities"],
    );
    const annotations = make("Annotations", { name: "unusable" });
    const spec = make("VolumeSpec", { ...VOLUME.spec, annotations });
    const error = await fails(driver.createVolume({ ...VOLUME, spec }, {}, signal));
    assert.equal(error.code, "invalid");
    assert.equal(error.message, "disks: volume unusable cannot be used so: for blocks only");
  });

  it("takes a volume that is not there for deleted", async () => {
    await failing("deleteVolume", new SwarmError("not-found", "no such disk"));
    await driver.deleteVolume("disk-1", {}, signal);
    assert.equal(plugin.requests.length, 1);
  });

  it("says who fails, and no secret, even where the plugin repeats it", async () => {
    const angry = new SwarmError("denied", "the word s3cret-word is wrong for disk-1");
    await failing("createVolume", angry);
    const error = await fails(driver.createVolume(VOLUME, SECRETS, signal));
    assert.equal(error.code, "denied");
    assert.equal(error.message, "disks: the word *** is wrong for disk-1");
    assert.equal(error.cause, undefined);
  });

  it("waits for a plugin that is not ready, and for one that is away", async () => {
    plugin.ready = false;
    const error = await fails(driver.createVolume(VOLUME, {}, signal));
    assert.equal(error.code, "unavailable");
    assert.equal(error.message, "disks: the plugin is not ready yet");
    plugin.ready = true;
    await driver.createVolume(VOLUME, {}, signal);
    plugin.crash();
    assert.equal((await fails(driver.createVolume(VOLUME, {}, signal))).code, "unavailable");
  });

  it("asks a plugin that was away again what it can do", async () => {
    await driver.createVolume(VOLUME, {}, signal);
    plugin.crash();
    await fails(driver.createVolume(VOLUME, {}, signal));
    plugin.abilities = { ...plugin.abilities, plugin: [] };
    await plugin.start();
    const id = await eventually("the plugin is found again", async () => {
      try {
        return (await driver.createVolume(VOLUME, {}, signal)).volumeId;
      } catch (error) {
        assert.ok(isSwarmError(error, "unavailable"), String(error));
        return null;
      }
    });
    assert.equal(id, "data");
  });
});
