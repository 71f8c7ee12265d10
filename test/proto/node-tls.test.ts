import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { credentials, Server, type ChannelCredentials } from "@grpc/grpc-js";
import { isSwarmError } from "../../lib/errors.ts";
import type { Call, Caller } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import { NodeCaService, type NodeCaApi } from "../../proto/generated.ts";
import { NodeTls, type ClientCertificate } from "../../proto/node-tls.ts";
import { RpcConnection } from "../../proto/rpc-client.ts";
import { serve, type Incoming } from "../../proto/rpc-server.ts";
import { createTestCa, type TestCa } from "../fakes/certificates.ts";

const CALLER: Caller = { nodeId: "", role: "none", clusterId: "", addr: "" };
const CALL: Call = { signal: new AbortController().signal, caller: CALLER };

describe("node TLS", () => {
  let ca: TestCa;
  let tls: NodeTls;
  let closing: (() => void)[] = [];
  let incoming: Incoming | undefined;

  async function listen(client: ClientCertificate): Promise<string> {
    const server = new Server();
    const api = {
      getRootCaCertificate: () =>
        Promise.resolve(make("GetRootCaCertificateResponse", { certificate: "here" })),
    };
    const unused = (): Promise<never> => assert.fail("not called");
    const implementation: NodeCaApi = {
      ...api,
      issueNodeCertificate: unused,
      nodeCertificateStatus: unused,
      getUnlockKey: unused,
    };
    serve(server, NodeCaService, implementation, {
      authorize(seen) {
        incoming = seen;
        return CALLER;
      },
      onError: (error) => assert.fail(String(error)),
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", tls.server(client), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    closing.push(() => server.forceShutdown());
    return `127.0.0.1:${port}`;
  }

  /** Calls over a connection of its own; the subject that the server saw, or undefined. */
  async function dial(addr: string, by: ChannelCredentials): Promise<string | undefined> {
    const now = (): number => performance.timeOrigin + performance.now();
    const connection = new RpcConnection({ addr, credentials: by, deadlineMs: 5_000, now });
    closing.push(() => connection.close());
    await connection
      .api(NodeCaService)
      .getRootCaCertificate(make("GetRootCaCertificateRequest"), CALL);
    return incoming?.certificate && new X509Certificate(incoming.certificate).subject;
  }

  /** A bare TLS connection, to look at what the server shows. */
  function probe(addr: string, more: ConnectionOptions = {}): Promise<TLSSocket> {
    const port = Number(addr.split(":")[1]);
    const options = { port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2"] };
    return new Promise((resolve, reject) => {
      const socket = connect({ ...options, ...more }, () => resolve(socket));
      socket.once("error", reject);
      closing.push(() => socket.destroy());
    });
  }

  beforeEach(async () => {
    ca = await createTestCa();
    tls = new NodeTls(await ca.issue({ nodeId: "server" }));
  });

  afterEach(() => {
    for (const close of closing) close();
    closing = [];
    incoming = undefined;
  });

  it("shows the server the client's certificate", async () => {
    const addr = await listen("required");
    const client = new NodeTls(await ca.issue({ nodeId: "n7", role: "worker" }));
    assert.equal(await dial(addr, client.client), "O=cluster1\nOU=swarm-worker\nCN=n7");
  });

  it("lets joiners in without a certificate only where it is optional", async () => {
    const joiner = credentials.createSsl(Buffer.from(ca.root.certificate));
    assert.equal(await dial(await listen("optional"), joiner), undefined);
    const refused = dial(await listen("required"), joiner);
    await assert.rejects(refused, (error) => isSwarmError(error, "unavailable"));
  });

  it("does not believe a certificate of another CA, or one that expired", async () => {
    const foreign = await (await createTestCa()).issue({ nodeId: "evil" });
    const stranger = { ...foreign, roots: ca.root.certificate };
    const expired = await ca.issue({ nodeId: "old", expiryMs: -1_000 });
    for (const material of [stranger, expired]) {
      const client = new NodeTls(material).client;
      assert.equal(await dial(await listen("optional"), client), undefined);
      const refused = dial(await listen("required"), client);
      await assert.rejects(refused, (error) => isSwarmError(error, "unavailable"));
    }
  });

  it("refuses servers of another CA, and servers that are no managers", async () => {
    const client = new NodeTls(await ca.issue({ nodeId: "n1" })).client;
    tls = new NodeTls(await (await createTestCa()).issue());
    const foreign = await listen("optional");
    tls = new NodeTls(await ca.issue({ role: "worker" }));
    const worker = await listen("optional");
    for (const addr of [foreign, worker]) {
      await assert.rejects(dial(addr, client), (error) => isSwarmError(error, "unavailable"));
    }
  });

  it("changes the certificate of a listening server and of later client connections", async () => {
    const addr = await listen("optional");
    const client = new NodeTls(await ca.issue({ nodeId: "n1", role: "worker" }));
    const old = await probe(addr);
    assert.match((await dial(addr, client.client)) ?? "", /swarm-worker\nCN=n1/);

    const told: string[] = [];
    const release = client.onUpdate((material) => told.push(material.certificate));
    const promoted = await ca.issue({ nodeId: "n1", role: "manager" });
    client.update(promoted);
    release();
    tls.update(await ca.issue({ nodeId: "renewed" }));

    const shown = await probe(addr);
    assert.equal(shown.getPeerCertificate().subject.CN, "renewed");
    assert.equal(old.destroyed, false);
    assert.match((await dial(addr, client.client)) ?? "", /swarm-manager\nCN=n1/);
    assert.deepEqual(told, [promoted.certificate]);
  });

  it("changes the roots a listening server trusts", async () => {
    const addr = await listen("required");
    const next = await createTestCa();
    const roots = ca.root.certificate + next.root.certificate;
    const client = new NodeTls({ ...(await next.issue({ nodeId: "n2" })), roots }).client;
    await assert.rejects(dial(addr, client), (error) => isSwarmError(error, "unavailable"));
    tls.update({ ...tls.material, roots });
    assert.match((await dial(addr, client)) ?? "", /CN=n2/);
  });

  it("speaks TLS 1.3 and refuses what is older than 1.2", async () => {
    const addr = await listen("optional");
    assert.equal((await probe(addr)).getProtocol(), "TLSv1.3");
    await assert.rejects(probe(addr, { minVersion: "TLSv1", maxVersion: "TLSv1.1" }));
  });

  it("resumes no session: each connection proves its key", async () => {
    const addr = await listen("optional");
    const first = await probe(addr);
    const session = await new Promise<Buffer>((resolve) => first.once("session", resolve));
    const second = await probe(addr, { session });
    assert.equal(second.isSessionReused(), false);
  });
});
