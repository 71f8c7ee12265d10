import assert from "node:assert/strict";
import { mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openListener, type Listener } from "../../engine/listener.ts";
import { createTestCa } from "../fakes/certificates.ts";

const answer: http.RequestListener = (_, response) => {
  response.end("hello");
};

function get(options: https.RequestOptions & { readonly tls?: boolean }): Promise<string> {
  return new Promise((resolve, reject) => {
    const { tls, ...rest } = options;
    const request = (tls ? https : http).get({ agent: false, ...rest }, (response) => {
      response.setEncoding("utf8");
      response.on("data", resolve);
    });
    request.on("error", reject);
  });
}

describe("listeners", () => {
  let directory: string;
  const open: Listener[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "skep-listener-"));
  });
  afterEach(async () => {
    for (const { server } of open.splice(0))
      await new Promise<void>((resolve) => server.close(() => resolve()));
    await rm(directory, { recursive: true, force: true });
  });

  async function listen(...args: Parameters<typeof openListener>): Promise<Listener> {
    const listener = await openListener(...args);
    open.push(listener);
    return listener;
  }

  function refused(host: string, message: RegExp): Promise<void> {
    return assert.rejects(openListener(host, undefined, answer), { message });
  }

  it("takes over a socket that a killed process left, but not one that answers", async () => {
    const path = join(directory, "s.sock");
    const crashed = createServer().listen(path);
    await new Promise((resolve) => crashed.once("listening", resolve));
    await refused(`unix://${path}`, /^another swarmd already answers on /);
    // Closing removes the file; put one back as a crash leaves it: nobody listens behind it.
    await rename(path, `${path}.left`);
    await new Promise((resolve) => crashed.close(resolve));
    await rename(`${path}.left`, path);
    await listen(`unix://${path}`, undefined, answer);
    assert.equal(await get({ socketPath: path, path: "/" }), "hello");
    assert.equal((await stat(path)).mode & 0o777, 0o660);
  });

  it("says what is wrong with a host", async () => {
    await refused("10.0.0.1:80", /^invalid host "10\.0\.0\.1:80": use unix:\/\/\/PATH or tcp:/);
    await refused("unix://relative", /^invalid host/);
    await refused("tcp://0.0.0.0:0", /^refusing to serve tcp:\/\/0\.0\.0\.0:0 without TLS/);
    await refused("tcp://127.evil.example:0", /without TLS/);
    await refused(`unix://${directory}/no/such/dir.sock`, /^cannot listen on unix:.*: listen /);
    const file = join(directory, "file");
    await writeFile(file, "precious");
    await refused(`unix://${file}`, /^cannot listen on unix:.*: it is not a socket$/);
  });

  it("serves loopback in the clear and names the port it got", async () => {
    const { address } = await listen("tcp://127.0.0.1:0", undefined, answer);
    const { hostname, port } = new URL(address);
    assert.notEqual(Number(port), 0);
    assert.equal(await get({ hostname, port, path: "/" }), "hello");
  });

  it("serves TCP only to clients with a certificate of its CA", async () => {
    const ca = await createTestCa();
    const pem = async (nodeId: string): Promise<{ ca: string; cert: string; key: string }> => {
      const { roots, certificate, key } = await ca.issue({ nodeId });
      return { ca: roots, cert: certificate, key };
    };
    const { address } = await listen("tcp://127.0.0.1:0", await pem("server"), answer);
    const { hostname, port } = new URL(address);
    const target = { tls: true, hostname, port, path: "/", checkServerIdentity: () => undefined };
    const client = await pem("client");
    assert.equal(await get({ ...target, ...client }), "hello");
    await assert.rejects(get({ ...target, ca: client.ca }));
    const stranger = await (await createTestCa()).issue();
    await assert.rejects(
      get({ ...target, ca: client.ca, cert: stranger.certificate, key: stranger.key }),
    );
  });
});
