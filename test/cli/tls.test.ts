import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEndpoint } from "../../cli/api/endpoint.ts";
import { openEngine } from "../../cli/api/engine.ts";
import { certificateFiles } from "../../cli/flags/tls-options.ts";
import { openListener, type Listener } from "../../engine/listener.ts";
import { createTestCa, type TestCa } from "../fakes/certificates.ts";
import { refused } from "../manager/control/harness.ts";

describe("an engine behind TLS", () => {
  const { signal } = new AbortController();
  let directory: string;
  let ca: TestCa;
  let listener: Listener;
  let url: string;

  async function writeClient(from: TestCa): Promise<void> {
    const { roots, certificate, key } = await from.issue({ nodeId: "client" });
    await writeFile(join(directory, "ca.pem"), roots);
    await writeFile(join(directory, "cert.pem"), certificate);
    await writeFile(join(directory, "key.pem"), key);
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "skep-tls-"));
    ca = await createTestCa();
    const { roots, certificate, key } = await ca.issue({ nodeId: "localhost" });
    const tls = { ca: roots, cert: certificate, key };
    listener = await openListener("tcp://127.0.0.1:0", tls, (_, response) => {
      response.setHeader("Content-Type", "application/json");
      response.end('{"ID":"x"}\n');
    });
    url = listener.address.replace("127.0.0.1", "localhost");
  });
  afterEach(async () => {
    listener.server.closeAllConnections();
    await new Promise((resolve) => listener.server.close(resolve));
    await rm(directory, { recursive: true, force: true });
  });

  it("is reached with the certificates in SWARM_CERT_PATH, or those of the flags", async () => {
    await writeClient(ca);
    const env = { SWARM_CERT_PATH: directory };
    const engine = await openEngine(parseEndpoint(url, certificateFiles({}, env)), signal);
    assert.deepEqual(await engine.request({ method: "GET", path: "/info" }), { ID: "x" });
    const flags = {
      tlscacert: join(directory, "ca.pem"),
      tlscert: join(directory, "cert.pem"),
      tlskey: join(directory, "key.pem"),
    };
    const again = await openEngine(parseEndpoint(url, certificateFiles(flags, {})), signal);
    await again.ping();
  });

  it("is not trusted when another CA signed for it", async () => {
    await writeClient(await createTestCa("other"));
    const env = { SWARM_CERT_PATH: directory };
    const engine = await openEngine(parseEndpoint(url, certificateFiles({}, env)), signal);
    await assert.rejects(engine.ping(), /certificate/);
  });

  it("needs files that can be read", async () => {
    const env = { SWARM_CERT_PATH: join(directory, "none") };
    const endpoint = parseEndpoint(url, certificateFiles({}, env));
    await refused(openEngine(endpoint, signal), "invalid", /cannot read the certificate .*ca\.pem/);
  });

  it("listens on Docker's port for TLS unless another one is named", () => {
    const files = certificateFiles({}, { SWARM_CERT_PATH: "/c" });
    const ports = [parseEndpoint("tcp://host", files), parseEndpoint("tcp://host")].map((at) =>
      at.kind === "tcp" ? at.port : 0,
    );
    assert.deepEqual(ports, [2376, 2375]);
    assert.equal(certificateFiles({}, {}), undefined);
  });
});
