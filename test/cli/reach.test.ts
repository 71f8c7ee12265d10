import assert from "node:assert/strict";
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import type { Task } from "../../cli/api/types.ts";
import { parseForward } from "../../cli/flags/forward.ts";
import { chooseTask } from "../../cli/reach/choose-task.ts";
import { join } from "../../cli/reach/port-forward.ts";
import { runExec } from "../../cli/reach/run-exec.ts";
import { renderListing } from "../../cli/render/listing.ts";
import { STATS_LISTING, statsRows } from "../../cli/render/stats-rows.ts";
import type { Terminal } from "../../cli/terminal.ts";
import {
  encodeFrame,
  EXEC_FRAMES,
  EXEC_PAYLOAD_BYTES_MAX,
  FrameSplitter,
} from "../../lib/frames.ts";

const { signal } = new AbortController();

function task(id: string, slot: number, fields: { node?: string; state?: string } = {}): Task {
  const state = fields.state ?? "running";
  return {
    ID: id,
    CreatedAt: "",
    UpdatedAt: "",
    Spec: {},
    Slot: slot,
    NodeID: fields.node ?? "n1",
    Status: { State: state },
    DesiredState: "running",
  };
}

describe("choosing a task to reach into", () => {
  const tasks = [
    task("c3", 3),
    task("b2", 2, { node: "n2" }),
    task("a1", 1, { state: "failed" }),
    task("d4", 4, { node: "n2" }),
  ];

  it("takes the running one with the lowest slot", () => {
    assert.equal(chooseTask("web", tasks, {}).ID, "b2");
  });

  it("takes the one that was asked for", () => {
    assert.equal(chooseTask("web", tasks, { slot: 4 }).ID, "d4");
    assert.equal(chooseTask("web", tasks, { nodeId: "n1" }).ID, "c3");
    assert.equal(chooseTask("web", tasks, { taskId: "d" }).ID, "d4");
  });

  it("says which one does not run", () => {
    assert.throws(() => chooseTask("web", tasks, { slot: 1 }), /no running task in slot 1/);
    assert.throws(() => chooseTask("web", [], {}), /service web has no running task:/);
  });
});

describe("ports to forward", () => {
  it("are read as docker and others write them", () => {
    const read = (text: string): unknown => Object.values(parseForward(text, "127.0.0.1"));
    assert.deepEqual(read("8080:80"), ["127.0.0.1", 8080, 80]);
    assert.deepEqual(read("80"), ["127.0.0.1", 80, 80]);
    assert.deepEqual(read(":80"), ["127.0.0.1", 0, 80]);
    assert.deepEqual(read("0.0.0.0:8080:80"), ["0.0.0.0", 8080, 80]);
    assert.deepEqual(read("[::1]:8080:80"), ["::1", 8080, 80]);
    assert.deepEqual(read("8080:80/tcp"), ["127.0.0.1", 8080, 80]);
    assert.throws(() => read("53:53/udp"), /only TCP/);
    for (const bad of ["", "x", "1:2:3:4", "70000", "80:0", "0", "80:"])
      assert.throws(() => read(bad), /invalid ports/, bad);
  });

  it("carry what comes after the other side has ended", async () => {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.resume();
      socket.once("end", () => socket.end("after the end"));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const connect = (target: net.Server): net.Socket =>
      net.connect({
        port: (target.address() as AddressInfo).port,
        host: "127.0.0.1",
        allowHalfOpen: true,
      });
    const relay = net.createServer({ allowHalfOpen: true }, (near) => {
      void join(near, connect(server));
    });
    await once(relay.listen(0, "127.0.0.1"), "listening");
    const client = connect(relay);
    client.end("hello");
    let text = "";
    for await (const chunk of client) text += String(chunk);
    assert.equal(text, "after the end");
    relay.close();
    server.close();
  });
});

describe("a command at the other end", () => {
  /** Runs it against a swarmd that the test plays. */
  async function session(): Promise<{
    readonly far: net.Socket;
    readonly typed: PassThrough;
    readonly shown: PassThrough;
    readonly interrupt: (name: NodeJS.Signals) => void;
    readonly code: Promise<number>;
  }> {
    const server = net.createServer({ allowHalfOpen: true });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const near = net.connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
    const [far] = (await once(server, "connection")) as [net.Socket];
    server.close();
    const typed = new PassThrough();
    const shown = new PassThrough();
    let interrupt: (name: NodeJS.Signals) => void = () => {};
    const terminal: Terminal = {
      input: typed,
      isInputTTY: false,
      output: shown,
      errors: shown,
      setRaw: () => assert.fail("there is no terminal to make raw"),
      size: () => ({ rows: 24, columns: 80 }),
      onResize: () => () => {},
      onInterrupt: (listener) => {
        interrupt = listener;
        return () => {};
      },
    };
    const code = runExec(near, { stdin: true, tty: false }, terminal, signal);
    return { far, typed, shown, interrupt: (name) => interrupt(name), code };
  }

  async function frames(far: net.Socket, count: number): Promise<[number, string][]> {
    const splitter = new FrameSplitter(EXEC_PAYLOAD_BYTES_MAX);
    const found: [number, string][] = [];
    while (found.length < count) {
      const [chunk] = (await once(far, "data")) as [Buffer];
      for (const { type, payload } of splitter.push(chunk)) found.push([type, String(payload)]);
    }
    return found;
  }

  it("reads what is typed, shows what it prints, and passes its exit status on", async () => {
    const { far, typed, shown, code } = await session();
    typed.end("hello");
    assert.deepEqual(await frames(far, 2), [
      [EXEC_FRAMES.stdin, "hello"],
      [EXEC_FRAMES.end, ""],
    ]);
    far.write(encodeFrame(EXEC_FRAMES.stdout, Buffer.from("out")));
    far.end(encodeFrame(EXEC_FRAMES.exit, Buffer.from("7")));
    assert.equal(await code, 7);
    assert.equal(String(shown.read()), "out");
  });

  it("gets the first Ctrl-C, and is left at the second", async () => {
    const { far, interrupt, code } = await session();
    const seen = frames(far, 1);
    interrupt("SIGINT");
    assert.deepEqual(await seen, [[EXEC_FRAMES.signal, "SIGINT"]]);
    interrupt("SIGINT");
    await assert.rejects(code);
    far.destroy();
  });

  it("tells why it was cut off", async () => {
    const { far, code } = await session();
    far.end(encodeFrame(EXEC_FRAMES.error, Buffer.from("the leader of the swarm has changed")));
    await assert.rejects(code, /the leader of the swarm has changed/);
    const other = await session();
    other.far.destroy();
    await assert.rejects(other.code);
  });
});

describe("what tasks use", () => {
  it("is shown in docker's columns, with a dash where nobody knows", () => {
    const sample = {
      TaskID: "t1",
      CPUNanoseconds: 1e9,
      Time: "2026-01-01T00:00:00.000Z",
      MemoryBytes: 1536 * 1024,
      MemoryLimitBytes: 3 * 1024 ** 3,
      PIDs: 4,
      BlockReadBytes: 1_234_000,
      BlockWrittenBytes: 0,
    };
    const latest = { ...sample, CPUNanoseconds: 1.5e9, Time: "2026-01-01T00:00:01.000Z" };
    const all = [
      { id: "t1", name: "web.1", node: "w1", before: sample, latest },
      { id: "t2", name: "web.2", node: "w2", latest: { TaskID: "t2", Error: "away" } },
    ];
    const format =
      "{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.MemPerc}} {{.NetIO}} {{.BlockIO}} {{.PIDs}}";
    assert.equal(
      renderListing(STATS_LISTING, statsRows(all, false), { format }),
      "web.1 50.00% 1.5MiB / 3GiB 0.05% -- / -- 1.23MB / 0B 4\n" +
        "web.2 -- -- / -- -- -- / -- -- / -- --\n",
    );
  });
});
