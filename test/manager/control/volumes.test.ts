import assert from "node:assert/strict";
import { make, type Fields } from "../../../proto/codec.ts";
import { NodeAvailability, type Volume, type VolumeSpec } from "../../../proto/generated.ts";
import { aSecret } from "../../fakes/objects.ts";
import { ControlHarness, refused } from "./harness.ts";

const spec = (fields: Fields<VolumeSpec> = {}): VolumeSpec =>
  make("VolumeSpec", {
    annotations: make("Annotations", { name: "vol" }),
    driver: make("Driver", { name: "csi" }),
    accessMode: make("VolumeAccessMode", { accessType: "block", block: {} }),
    ...fields,
  });

describe("control: volumes", () => {
  let harness: ControlHarness;
  beforeEach(() => {
    harness = new ControlHarness();
  });

  const create = async (fields: Fields<VolumeSpec> = {}): Promise<Volume> => {
    const request = make("CreateVolumeRequest", { spec: spec(fields) });
    const { volume } = await harness.api.createVolume(request, harness.call);
    assert(volume);
    return volume;
  };
  const update = (volume: Volume, fields: Fields<VolumeSpec>) =>
    harness.api.updateVolume(
      make("UpdateVolumeRequest", {
        id: volume.id,
        version: volume.meta?.version ?? null,
        spec: spec(fields),
      }),
      harness.call,
    );
  const remove = (force = false) =>
    harness.api.removeVolume(make("RemoveVolumeRequest", { ref: "vol", force }), harness.call);

  it("need a name, a driver and a way of access", async () => {
    await refused(create({ annotations: null }), "invalid", /name must be provided/);
    await refused(create({ driver: null }), "invalid", "driver must be specified");
    await refused(create({ accessMode: null }), "invalid", "AccessMode must not be nil");
    const accessMode = make("VolumeAccessMode");
    await refused(create({ accessMode }), "invalid", /either Mount or Block/);
    await create();
    await refused(create(), "exists", "volume vol already exists");
  });

  it("may use existing secrets only", async () => {
    const secrets = [make("VolumeSecret", { key: "k", secret: "s1" })];
    await refused(create({ secrets }), "invalid", "secret not found: s1");
    await harness.put("secret", aSecret("s1"));
    await create({ secrets });
    const removal = make("RemoveSecretRequest", { ref: "s1" });
    await refused(harness.api.removeSecret(removal, harness.call), "failed-precondition", /in use/);
  });

  it("may change labels and availability and nothing else", async () => {
    const volume = await create();
    const annotations = make("Annotations", { name: "vol", labels: { a: "b" } });
    const drained = { annotations, availability: NodeAvailability.DRAIN };
    const { volume: after } = await update(volume, drained);
    assert.equal(after?.spec?.availability, NodeAvailability.DRAIN);
    assert(after);
    await refused(
      update(after, { group: "g" }),
      "invalid",
      "only updates to Labels and Availability are allowed",
    );
  });

  it("are kept while published, then wait for their driver to delete them", async () => {
    const { id } = await create();
    await harness.store.update((tx) => {
      const publishStatus = [make("VolumePublishStatus", { nodeId: "n1" })];
      tx.update("volume", { ...harness.stored("volume", id), publishStatus });
    });
    await refused(remove(), "failed-precondition", "volume is still in use");
    await harness.store.update((tx) => {
      const volumeInfo = make("VolumeInfo", { volumeId: "v" });
      tx.update("volume", { ...harness.stored("volume", id), publishStatus: [], volumeInfo });
    });
    await remove();
    assert.equal(harness.stored("volume", id).pendingDelete, true);
    await remove(true);
    assert.equal(harness.store.view.volume.size, 0);
  });

  it("go at once when no driver can have made them, and wait when one may have", async () => {
    const { id } = await create();
    await harness.store.update((tx) => {
      tx.update("volume", { ...harness.stored("volume", id), maybeMade: true });
    });
    await remove();
    assert.equal(harness.stored("volume", id).pendingDelete, true);
    await remove(true);
    await create();
    await remove();
    assert.equal(harness.store.view.volume.size, 0);
  });
});

describe("control: extensions and resources", () => {
  const harness = new ControlHarness();
  const annotations = make("Annotations", { name: "backup" });
  const resource = { annotations: make("Annotations", { name: "nightly" }), kind: "backup" };

  it("let a resource be of a registered kind only", async () => {
    const request = make("CreateResourceRequest", resource);
    const text = "Kind backup is not registered";
    await refused(harness.api.createResource(request, harness.call), "invalid", text);
    const extension = make("CreateExtensionRequest", { annotations, description: "backups" });
    await harness.api.createExtension(extension, harness.call);
    await refused(
      harness.api.createExtension(extension, harness.call),
      "exists",
      "extension backup already exists",
    );
    await harness.api.createResource(request, harness.call);
    await refused(
      harness.api.createResource(request, harness.call),
      "exists",
      "resource nightly already exists",
    );
  });

  it("let a resource change but for its name", async () => {
    const get = make("GetResourceRequest", { ref: "nightly" });
    const { resource: stored } = await harness.api.getResource(get, harness.call);
    const { version = null } = stored?.meta ?? {};
    const payload = Buffer.from("at 3");
    const request = make("UpdateResourceRequest", { id: stored?.id ?? "", version, payload });
    const { resource: after } = await harness.api.updateResource(request, harness.call);
    assert.equal(after?.payload.toString(), "at 3");
    assert.equal(after.annotations?.name, "nightly");
    const renamed = { ...request, version: after.meta?.version ?? null, annotations };
    await refused(
      harness.api.updateResource(renamed, harness.call),
      "invalid",
      "Resource names cannot be changed",
    );
  });

  it("keep an extension while a resource is of its kind", async () => {
    const remove = make("RemoveExtensionRequest", { ref: "backup" });
    await refused(
      harness.api.removeExtension(remove, harness.call),
      "invalid",
      "extension backup is in use by 1 resources",
    );
    const ref = { ref: "nightly" };
    await harness.api.removeResource(make("RemoveResourceRequest", ref), harness.call);
    await harness.api.removeExtension(remove, harness.call);
    assert.equal(harness.store.view.extension.size, 0);
  });
});
