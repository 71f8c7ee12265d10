import assert from "node:assert/strict";
import { SwarmError } from "../../../lib/errors.ts";
import { silentLog } from "../../../lib/log.ts";
import { make } from "../../../proto/codec.ts";
import { systemClock } from "../../../lib/clock.ts";
import type { CsiPlugin } from "../../../proto/csi-plugin.ts";
import {
  CsiNodeServiceCapabilityRpcType as Ability,
  CsiVolumeCapabilityAccessModeMode as Mode,
  VolumeAccessModeSharing as Sharing,
} from "../../../proto/generated.ts";
import { CsiInfo } from "../../../worker/volumes/csi-info.ts";
import type { NodeDriver } from "../../../worker/volumes/node-driver.ts";
import { CsiNode } from "../../../worker/volumes/csi-node.ts";
import type { FakeCsiPlugin } from "../../fakes/csi-plugin.ts";
import { CsiStage } from "../../fakes/csi-stage.ts";
import type { CsiStorage } from "../../fakes/csi-storage.ts";
import { eventually } from "../../fakes/eventually.ts";

const { signal } = new AbortController();
const SECRETS = { token: "s3cret-word" };
const REQUEST = {
  volume: make("VolumeAssignment", {
    id: "v1",
    volumeId: "disk-1",
    publishContext: { disk: "disk-1" },
    volumeContext: { a: "b" },
    accessMode: make("VolumeAccessMode", {
      sharing: Sharing.ALL,
      accessType: "block",
      block: {},
    }),
  }),
  secrets: SECRETS,
  stagingPath: "/s/staging",
  targetPath: "/s/target",
};

describe("the node's half of a CSI plugin", () => {
  let stage: CsiStage;
  let storage: CsiStorage;
  let plugin: FakeCsiPlugin;
  let client: CsiPlugin;
  let driver: CsiNode;

  beforeEach(async () => {
    stage = await CsiStage.open();
    ({ storage, plugin, client } = stage);
    driver = new CsiNode(client);
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  const life = async (): Promise<void> => {
    await driver.nodeStageVolume(REQUEST, signal);
    await driver.nodePublishVolume(REQUEST, signal);
    await driver.nodeUnpublishVolume(REQUEST, signal);
    await driver.nodeUnstageVolume(REQUEST, signal);
  };
  const methods = (): readonly string[] => plugin.requests.map(({ method }) => method);

  it("tells the plugin all that the specification has a field for", async () => {
    const node = [Ability.STAGE_UNSTAGE_VOLUME, Ability.SINGLE_NODE_MULTI_WRITER];
    plugin.abilities = { ...plugin.abilities, node };
    await life();
    const common = {
      volumeId: "disk-1",
      publishContext: { disk: "disk-1" },
      volumeContext: { a: "b" },
      secrets: SECRETS,
      volumeCapability: {
        accessMode: { mode: Mode.SINGLE_NODE_MULTI_WRITER },
        accessType: "block",
        block: {},
      },
      stagingTargetPath: "/s/staging",
    };
    assert.deepEqual(plugin.requests, [
      { method: "NodeStageVolume", request: common },
      {
        method: "NodePublishVolume",
        request: { ...common, targetPath: "/s/target", readonly: false },
      },
      { method: "NodeUnpublishVolume", request: { volumeId: "disk-1", targetPath: "/s/target" } },
      {
        method: "NodeUnstageVolume",
        request: { volumeId: "disk-1", stagingTargetPath: "/s/staging" },
      },
    ]);
  });

  it("tells one that stages nothing of no staging", async () => {
    plugin.abilities = { ...plugin.abilities, node: [] };
    const accessMode = make("VolumeAccessMode", { sharing: Sharing.READ_ONLY });
    const volume = { ...REQUEST.volume, accessMode };
    await driver.nodeStageVolume({ ...REQUEST, volume }, signal);
    await driver.nodePublishVolume({ ...REQUEST, volume }, signal);
    await driver.nodeUnstageVolume({ ...REQUEST, volume }, signal);
    assert.deepEqual(methods(), ["NodePublishVolume"]);
    const request = plugin.requests[0]?.request as Record<string, unknown>;
    assert.equal(request["stagingTargetPath"], "");
    assert.equal(request["readonly"], true);
  });

  it("describes the node as the plugin knows it, by the plugin's name in the swarm", async () => {
    plugin.segments = { zone: "a", rack: "7" };
    const backend = storage.node("n1");
    assert.deepEqual(await driver.nodeGetInfo(signal), {
      ...(await backend.nodeGetInfo(signal)),
      pluginName: "disks",
      accessibleTopology: { rack: "7", zone: "a" },
    });
  });

  it("is left out of the description while it is away or hangs, which is noted once", async () => {
    const warnings: unknown[] = [];
    const log = { ...silentLog, warn: (fields: unknown) => void warnings.push(fields) };
    const hanging = { ...storage.node("n1"), nodeGetInfo: () => new Promise<never>(() => {}) };
    const drivers = new Map<string, NodeDriver>([
      ["disks", driver],
      ["stuck", hanging],
    ]);
    const clock = {
      ...systemClock,
      after: (ms: number, fire: () => void) => systemClock.after(ms / 10, fire),
    };
    const info = new CsiInfo({ clock, log: log as typeof silentLog, drivers });
    const names = async (): Promise<readonly string[]> =>
      (await info.describe(signal)).map(({ pluginName }) => pluginName);
    assert.deepEqual(await names(), ["disks"]);
    plugin.crash();
    assert.deepEqual(await names(), []);
    await plugin.start();
    await eventually("it is back", async () => (await names()).length === 1);
    const stuck = { driver: "stuck", reason: "no answer within 2 s" };
    assert.deepEqual(
      warnings.filter((one) => (one as typeof stuck).driver === "stuck"),
      [stuck],
    );
    assert.ok(warnings.some((one) => (one as typeof stuck).driver === "disks"));
  });

  it("hides secrets in the reasons of failures", async () => {
    plugin.crash();
    const node = {
      ...storage.node("n1"),
      nodeStageVolume: () => Promise.reject(new SwarmError("denied", "no: s3cret-word")),
    };
    plugin.backend = { ...plugin.backend, node };
    await plugin.start();
    await assert.rejects(driver.nodeStageVolume(REQUEST, signal), { message: "disks: no: ***" });
  });
});
