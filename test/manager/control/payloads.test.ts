import assert from "node:assert/strict";
import { make, type Fields } from "../../../proto/codec.ts";
import type { ConfigSpec, Secret, SecretSpec } from "../../../proto/generated.ts";
import { aSecret, aService } from "../../fakes/objects.ts";
import { ControlHarness, refused } from "./harness.ts";

const annotated = (name: string, labels: Record<string, string> = {}) =>
  make("Annotations", { name, labels });
const secretSpec = (name: string, fields: Fields<SecretSpec> = {}) =>
  make("SecretSpec", { annotations: annotated(name), data: Buffer.from("pass"), ...fields });
const configSpec = (name: string, fields: Fields<ConfigSpec> = {}) =>
  make("ConfigSpec", { annotations: annotated(name), data: Buffer.from("a=1"), ...fields });

describe("control: secrets", () => {
  let harness: ControlHarness;
  beforeEach(() => {
    harness = new ControlHarness();
  });

  const create = async (spec: SecretSpec): Promise<Secret> => {
    const request = make("CreateSecretRequest", { spec });
    const { secret } = await harness.api.createSecret(request, harness.call);
    assert(secret);
    return secret;
  };
  const update = (secret: Secret, spec: SecretSpec) =>
    harness.api.updateSecret(
      make("UpdateSecretRequest", { id: secret.id, version: secret.meta?.version ?? null, spec }),
      harness.call,
    );

  it("are stored with their data, which no answer ever shows", async () => {
    const secret = await create(secretSpec("sec"));
    const get = make("GetSecretRequest", { ref: "sec" });
    const shown = [
      secret,
      (await harness.api.getSecret(get, harness.call)).secret,
      ...(await harness.api.listSecrets(make("ListSecretsRequest"), harness.call)).secrets,
      (await update(secret, secretSpec("sec"))).secret,
    ];
    for (const each of shown) assert.equal(each?.spec?.data.length, 0);
    assert.equal(harness.stored("secret", secret.id).spec?.data.toString(), "pass");
  });

  it("have names fit for files, each once", async () => {
    await create(secretSpec("db.pass_1-x"));
    await refused(create(secretSpec("db.pass_1-x")), "exists", "secret db.pass_1-x already exists");
    for (const name of ["-a", "a-", "a/b", "a".repeat(65)])
      await refused(create(secretSpec(name)), "invalid", /^invalid name, only 64/);
    await refused(create(secretSpec("")), "invalid", "name must be provided");
  });

  it("have between 1 and 511999 bytes, and come from no plugin", async () => {
    const text = "secret data must be larger than 0 and less than 512000 bytes";
    for (const length of [0, 512_000])
      await refused(create(secretSpec("s", { data: Buffer.alloc(length) })), "invalid", text);
    await create(secretSpec("s", { data: Buffer.alloc(511_999) }));
    const driver = make("Driver", { name: "vault" });
    await refused(
      create(secretSpec("d", { data: Buffer.alloc(0), driver })),
      "invalid",
      'plugin "vault" not found: secrets from plugins are not served',
    );
    await refused(
      create(secretSpec("e", { driver: make("Driver") })),
      "invalid",
      "secret driver name must be provided",
    );
  });

  it("may change their labels and nothing else", async () => {
    const secret = await create(secretSpec("sec"));
    const labels = annotated("sec", { env: "prod" });
    const data = Buffer.alloc(0);
    const { secret: after } = await update(
      secret,
      secretSpec("sec", { annotations: labels, data }),
    );
    assert.deepEqual(after?.spec?.annotations?.labels, { env: "prod" });
    assert(after);
    const only = "only updates to Labels are allowed";
    await refused(update(after, secretSpec("other")), "invalid", only);
    await refused(update(after, secretSpec("sec", { data: Buffer.from("new") })), "invalid", only);
    const driver = make("Driver", { name: "vault" });
    await refused(update(after, secretSpec("sec", { driver })), "invalid", only);
    await refused(update(secret, secretSpec("sec")), "out-of-sequence", "update out of sequence");
  });

  it("that services use cannot be removed, and the error names the services", async () => {
    const { id } = await create(secretSpec("sec"));
    const remove = () =>
      harness.api.removeSecret(make("RemoveSecretRequest", { ref: "sec" }), harness.call);
    const file = make("FileTarget", { name: "sec" });
    const secrets = [make("SecretReference", { secretId: id, secretName: "sec", file })];
    const task = make("TaskSpec", {
      runtime: "container",
      container: make("ContainerSpec", { image: "busybox", secrets }),
    });
    await harness.put("service", aService("s1", { name: "web", spec: { task } }));
    await refused(remove(), "invalid", "secret 'sec' is in use by the following service: web");
    await harness.put("service", aService("s2", { name: "api", spec: { task } }));
    await refused(
      remove(),
      "invalid",
      "secret 'sec' is in use by the following services: web, api",
    );
    for (const ref of ["web", "api"])
      await harness.api.removeService(make("RemoveServiceRequest", { ref }), harness.call);
    await remove();
    assert.equal(harness.store.view.secret.size, 0);
  });

  it("of the system itself are not listed", async () => {
    await harness.put("secret", { ...aSecret("own"), internal: true });
    const { secrets } = await harness.api.listSecrets(make("ListSecretsRequest"), harness.call);
    assert.deepEqual(secrets, []);
  });
});

describe("control: configs", () => {
  const harness = new ControlHarness();
  const create = (spec: ConfigSpec) =>
    harness.api.createConfig(make("CreateConfigRequest", { spec }), harness.call);

  it("show their data and have up to 1023999 bytes of them", async () => {
    const { config } = await create(configSpec("cfg"));
    assert.equal(config?.spec?.data.toString(), "a=1");
    await refused(create(configSpec("cfg")), "exists", "config cfg already exists");
    await create(configSpec("big", { data: Buffer.alloc(1_023_999) }));
    await refused(
      create(configSpec("bigger", { data: Buffer.alloc(1_024_000) })),
      "invalid",
      "config data must be larger than 0 and less than 1024000 bytes",
    );
  });

  it("may change their labels and nothing else", async () => {
    const { config } = await create(configSpec("labelled"));
    const request = make("UpdateConfigRequest", {
      id: config?.id ?? "",
      version: config?.meta?.version ?? null,
      spec: configSpec("labelled", { annotations: annotated("labelled", { a: "b" }) }),
    });
    const { config: after } = await harness.api.updateConfig(request, harness.call);
    assert.deepEqual(after?.spec?.annotations?.labels, { a: "b" });
    const changed = { ...request, spec: configSpec("labelled", { data: Buffer.from("b=2") }) };
    await refused(
      harness.api.updateConfig({ ...changed, version: after?.meta?.version ?? null }, harness.call),
      "invalid",
      "only updates to Labels are allowed",
    );
  });

  it("match name, name prefix or id prefix, whichever holds", async () => {
    const own = new ControlHarness();
    for (const name of ["alpha", "beta", "gamma"]) {
      const spec = configSpec(name);
      await own.api.createConfig(make("CreateConfigRequest", { spec }), own.call);
    }
    const filter = make("ListFilter", { names: ["beta"], namePrefixes: ["gam"] });
    const { configs } = await own.api.listConfigs(make("ListConfigsRequest", { filter }), own.call);
    assert.deepEqual(
      configs.map((config) => config.spec?.annotations?.name),
      ["beta", "gamma"],
    );
  });
});
