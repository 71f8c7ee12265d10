import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { until, useCluster } from "./cluster.ts";
import { SWARM, type RunningCommand, type SwarmProcess } from "./swarm-process.ts";

const SLEEP = "exec sleep 3600";

/** Answers "echo…" with itself once it is whole, anything else with zeros without end. */
const SERVER = `
  const fs = require("fs");
  const zeros = Buffer.alloc(64 * 1024);
  let sent = 0;
  const server = require("net").createServer({ allowHalfOpen: true }, (socket) => {
    const chunks = [];
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      if (chunks[0].subarray(0, 4).toString() === "echo") return;
      const more = () => {
        do {
          sent += zeros.length;
          fs.writeFileSync(process.env.SENT_FILE, String(sent));
        } while (socket.write(zeros));
      };
      socket.on("drain", more);
      more();
    });
    socket.on("end", () => socket.end(Buffer.concat(chunks)));
  });
  server.listen(0, "127.0.0.1", () =>
    fs.writeFileSync(process.env.PORT_FILE, server.address().port + "\\n"));
`;
/** Far more than all buffers on the way hold, and far less than what is sent without any bound. */
const SENT_BYTES_MAX = 64 << 20;

const ZEROS = Buffer.alloc(64 * 1024);
/** Clients killed one after another, each while its data flows both ways. */
const KILLED_CLIENTS = 8;
const KILLED_AFTER_BYTES = 2 << 20;

describe("reach into running tasks", function () {
  const cluster = useCluster(3, 1);

  /** Runs `swarm ARGS` against a node with something to read. */
  async function feed(node: SwarmProcess, input: string, ...args: string[]) {
    const child = spawn(process.execPath, [SWARM, "-H", `unix://${node.socket}`, ...args]);
    const out: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stdin.end(input);
    const [code] = (await once(child, "close")) as [number | null];
    return { code, out: Buffer.concat(out).toString() };
  }

  before(async () => {
    const env = ["COLOUR=green", "WHERE={{.Node.Hostname}}"];
    await cluster.create("web", { script: SLEEP, mode: { Global: {} }, env });
    await cluster.running("web", 4);
  });

  it("runs a command in a task of any node, asked of any manager", async () => {
    const follower = await cluster.manager(await cluster.leader());
    for (const name of ["w1", follower.name]) {
      const { ID } = await cluster.object(cluster.node(name));
      const script = 'echo "$COLOUR on $WHERE"; echo wrong >&2; exit 7';
      const run = await follower.swarm("service", "exec", "--node", ID, "web", "sh", "-c", script);
      assert.equal(run.out, `green on ${name}\n`);
      assert.equal(run.err, "wrong\n");
      assert.equal(run.code, 7);
    }
  });

  it("passes input and a megabyte of output through", async () => {
    const leader = await cluster.leader();
    const text = "0123456789abcdef".repeat(64 * 1024);
    const run = await feed(leader, text, "service", "exec", "-i", "web", "--", "cat");
    assert.equal(run.code, 0);
    assert.equal(run.out.length, text.length);
    assert.equal(run.out, text);
  });

  it("goes on when clients are killed whose data is on its way", async () => {
    const leader = await cluster.leader();
    const { pid } = leader;
    for (let round = 0; round < KILLED_CLIENTS; round++) {
      const args = ["-H", `unix://${leader.socket}`, "service", "exec", "-i", "web", "cat"];
      const child = spawn(process.execPath, [SWARM, ...args], {
        stdio: ["pipe", "pipe", "ignore"],
      });
      child.stdin.on("error", () => {});
      const more = (): void => {
        while (child.stdin.write(ZEROS));
      };
      child.stdin.on("drain", more);
      more();
      let bytes = 0;
      child.stdout.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      await until("data flows both ways", async () =>
        bytes > KILLED_AFTER_BYTES ? true : undefined,
      );
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    assert.equal((await leader.swarm("service", "exec", "web", "echo", "well")).out, "well\n");
    assert.equal(leader.pid, pid);
  });

  it("tells by the exit status that there is no such command, or that it is none", async () => {
    const leader = await cluster.leader();
    assert.equal((await leader.swarm("service", "exec", "web", "nosuch")).code, 127);
    assert.equal((await leader.swarm("service", "exec", "web", "/etc/passwd")).code, 126);
    const missing = await leader.swarm("service", "exec", "nosuch", "true");
    assert.deepEqual([missing.code, missing.err], [1, "swarm: no such task or service: nosuch\n"]);
  });

  it("notes it in a file that only the swarmd's user reads", async () => {
    const leader = await cluster.leader();
    const args = ["service", "exec", "-e", "PASSWORD=hunter2", "web", "sh", "-c", "exit 3"];
    await leader.swarm(...args);
    const file = path.join(leader.dir, "audit.log");
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    const text = fs.readFileSync(file, "utf8");
    const last = JSON.parse(text.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
    assert.deepEqual([last["event"], last["action"], last["exitCode"]], ["end", "exec", 3]);
    assert.ok(!text.includes("hunter2"));
  });

  it("shows what runs in a task and what tasks use", async () => {
    const leader = await cluster.leader();
    const [task] = await cluster.tasks("web");
    const top = await leader.swarm("task", "top", task?.ID ?? "");
    assert.match(top.out, /^USER\s+PID .*CMD\n(?:.*\n)*.*sleep 3600\n/);
    const stats = await leader.swarm("task", "stats", "--no-stream", "web");
    assert.equal(stats.err, "");
    const rows = stats.out.trim().split("\n");
    assert.equal(rows.length, 5, stats.out);
    assert.match(rows[0] ?? "", /^TASK ID +NAME +NODE +CPU % +MEM USAGE \/ LIMIT/);
    for (const row of rows.slice(1))
      assert.match(row, /web\.\S+ +(?:m\d|w1) +\d+\.\d\d% +[\d.]+MiB/);
    const json = await leader.swarm("task", "stats", "--no-stream", "--format", "json");
    assert.equal(json.out.trim().split("\n").length, 4);
  });

  describe("with its ports forwarded", () => {
    let command: RunningCommand;
    let local = 0;

    before(async () => {
      const env = ["port", "sent"].map(
        (name) => `${name.toUpperCase()}_FILE=${path.join(cluster.root, name)}`,
      );
      const worker = await cluster.object(cluster.node("w1"));
      await cluster.create("server", {
        script: `exec ${process.execPath} -e '${SERVER}'`,
        env,
        template: { Placement: { Constraints: [`node.id==${worker.ID}`] } },
      });
      await cluster.running("server", 1);
      const file = path.join(cluster.root, "port");
      const port = await until("the server listens", async () =>
        fs.existsSync(file) && fs.readFileSync(file, "utf8").endsWith("\n")
          ? Number(fs.readFileSync(file, "utf8"))
          : undefined,
      );
      const follower = await cluster.manager(await cluster.leader());
      command = follower.follow("service", "port-forward", "server", `:${port}`);
      local = await until("the port is forwarded", async () => {
        const found = /Forwarding 127\.0\.0\.1:(\d+)/.exec(command.text());
        return found ? Number(found[1]) : undefined;
      });
    });

    after(() => command.stop());

    const echo = async (text: string): Promise<string> => {
      const socket = net.connect({ port: local, host: "127.0.0.1", allowHalfOpen: true });
      socket.end(text);
      let back = "";
      for await (const chunk of socket) back += String(chunk);
      return back;
    };

    it("carries many connections at a time, each direction to its own end", async () => {
      const texts = Array.from({ length: 40 }, (_, i) => `echo ${i} `.repeat(4_000 + i));
      const back = await Promise.all(texts.map(echo));
      assert.ok(back.every((text, i) => text === texts[i]));
    });

    it("makes the task wait when nobody reads, and goes on after it", async () => {
      const socket = net.connect({ port: local, host: "127.0.0.1" });
      socket.on("error", () => {});
      socket.pause();
      socket.write("zeros");
      const sent = (): number => Number(fs.readFileSync(path.join(cluster.root, "sent"), "utf8"));
      await until("something was sent", async () =>
        fs.existsSync(path.join(cluster.root, "sent")) ? true : undefined,
      );
      let last = -1;
      await until("the task waits", async () => {
        const now = sent();
        const isSame = now === last;
        last = now;
        assert.ok(now < SENT_BYTES_MAX, `${now} bytes were taken and nobody read them`);
        return isSame ? true : undefined;
      });
      assert.equal(await echo("echo still here"), "echo still here");
      socket.destroy();
    });
  });
});
