import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { useCluster, type NodeInfo } from "./cluster.ts";
import { run, SWARM, SWARMD, type Run, type SwarmProcess } from "./swarm-process.ts";

/** Bytes of a token's secret that no cluster has. */
const FOREIGN_SECRET = "0".repeat(25);

describe("what goes wrong is said", function () {
  const cluster = useCluster(1, 0);
  let other: SwarmProcess;
  const squatter = net.createServer();
  let taken = 0;

  const state = async (node: SwarmProcess): Promise<string> =>
    (await node.get<NodeInfo>("/info")).Swarm.LocalNodeState;

  /** One sentence on standard error, the expected status, and no stack. */
  const says = ({ code, err }: Run, status: number, text: RegExp): void => {
    assert.equal(code, status, err);
    assert.match(err, text);
    assert.doesNotMatch(err, /\n\s+at |node:internal/);
  };

  /** Runs a swarmd that is expected to end by itself. */
  const swarmd = (...flags: string[]): Promise<Run> => run(process.execPath, [SWARMD, ...flags]);

  before(async () => {
    other = await cluster.add("other");
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const address = squatter.address();
    assert.ok(address && typeof address === "object");
    taken = address.port;
  });

  after(() => void squatter.close());

  it("a port that is taken: init fails, and nothing is half done", async () => {
    const listen = `127.0.0.1:${taken}`;
    const flags = ["--listen-addr", listen, "--advertise-addr", "127.0.0.1"];
    says(await other.swarm("init", ...flags), 1, /cannot listen on .*: the port is taken/);
    assert.equal(await state(other), "inactive");
  });

  it("a second init, and a join of a member", async () => {
    const node = cluster.node("m1");
    says(await node.swarm("init", ...cluster.loopback), 1, /already part of a swarm/);
    const join = ["join", "--token", cluster.tokens.Worker, cluster.addr];
    says(await node.swarm(...join), 1, /already part of a swarm/);
    assert.equal(await state(node), "active");
  });

  it("a token that is none, of another cluster, or of another secret", async () => {
    const [prefix = "", version = "", digest = "", secret = ""] = cluster.tokens.Worker.split("-");
    const foreign = [prefix, version, "1".repeat(digest.length), secret].join("-");
    const wrong = [prefix, version, digest, FOREIGN_SECRET].join("-");
    for (const token of ["rubbish", foreign, wrong]) {
      const join = ["join", ...cluster.loopback, "--token", token, cluster.addr];
      says(await other.swarm(...join), 1, /token/);
      assert.equal(await state(other), "inactive");
    }
  });

  it("a manager that cannot be reached", async () => {
    const nobody = await unusedPort();
    const join = ["join", ...cluster.loopback, "--token", cluster.tokens.Worker];
    const run = await other.swarm(...join, `127.0.0.1:${nobody}`);
    says(run, 1, new RegExp(`127\\.0\\.0\\.1:${nobody}`));
    assert.equal(await state(other), "inactive");
  });

  it("a swarmd that does not answer", async () => {
    const socket = path.join(cluster.root, "nobody.sock");
    const flags = ["--host", `unix://${socket}`, "node", "ls"];
    says(await run(process.execPath, [SWARM, ...flags]), 1, /swarmd/);
  });

  it("a node outside any swarm", async () => {
    says(await other.swarm("service", "ls"), 1, /not a swarm manager/);
    says(await other.swarm("leave"), 1, /not part of a swarm/);
  });

  it("flags that are unknown or wrong", async () => {
    const node = cluster.node("m1");
    says(await node.swarm("service", "create", "--replica", "3", "x"), 125, /--replicas/);
    says(await node.swarm("service", "scale", "web"), 1, /web/);
    const bad = await swarmd("--host", "nonsense");
    assert.notEqual(bad.code, 0);
    assert.match(bad.err, /unix:\/\/\/path/);
  });

  it("Docker asked for where there is none", async () => {
    const dir = path.join(cluster.root, "no-docker");
    const docker = ["--runtime", "docker", "--docker-host", `unix://${dir}.sock`];
    const own = ["--state-dir", dir, "--host", `unix://${dir}-api.sock`];
    says(await swarmd(...own, ...docker), 1, /no Docker Engine at unix:.*--docker-host/);
  });

  it("a stale version", async () => {
    const node = cluster.node("m1");
    const { ID } = await node.post<{ ID: string }>(
      "/services/create",
      cluster.spec("web", { script: "exec sleep 3600", replicas: 0 }),
    );
    const { Version } = await cluster.service(ID);
    const shape = { script: "exec sleep 3601", replicas: 0 };
    await cluster.update("web", shape);
    const where = `/services/${ID}/update?version=${Version.Index}`;
    const again = node.post(where, cluster.spec("web", shape));
    await assert.rejects(again, /update out of sequence/);
    await cluster.removeService("web");
  });

  it("a state directory that cannot be written, or is in use", async () => {
    const file = path.join(cluster.root, "file");
    fs.writeFileSync(file, "");
    const socket = `unix://${path.join(cluster.root, "extra.sock")}`;
    const unwritable = await swarmd("--state-dir", path.join(file, "state"), "--host", socket);
    says(unwritable, 1, /state/);
    const used = await swarmd("--state-dir", cluster.node("m1").dir, "--host", socket);
    says(used, 1, /in use|another swarmd|already/);
  });

  it("a socket that another swarmd answers on", async () => {
    const dir = path.join(cluster.root, "late");
    const { socket } = cluster.node("m1");
    says(await swarmd("--state-dir", dir, "--host", `unix://${socket}`), 1, /swarm\.sock/);
    assert.equal(await state(cluster.node("m1")), "active", "the first one still answers");
  });

  it("no Docker Engine where one is asked for", async () => {
    const missing = `unix://${path.join(cluster.root, "docker.sock")}`;
    const place = ["--state-dir", path.join(cluster.root, "docker"), "--host"];
    const socket = `unix://${path.join(cluster.root, "docker-node.sock")}`;
    const flags = ["--runtime", "docker", "--docker-host", missing];
    says(await swarmd(...place, socket, ...flags), 1, /docker\.sock/);
  });
});

/** A port that nobody listens on any more. */
async function unusedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address && typeof address === "object");
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return address.port;
}
