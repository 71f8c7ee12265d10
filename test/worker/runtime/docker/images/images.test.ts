import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { systemClock } from "../../../../../lib/clock.ts";
import { silentLog } from "../../../../../lib/log.ts";
import { ImageBook } from "../../../../../worker/runtime/docker/images/image-book.ts";
import { Images } from "../../../../../worker/runtime/docker/images/images.ts";

const { signal } = new AbortController();
const ID = `sha256:${"a".repeat(64)}`;

describe("images that are here", () => {
  let dir: string;
  let server: http.Server;
  let questions: string[];
  let images: Images;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-images-"));
    questions = [];
    server = http.createServer((request, response) => {
      questions.push(request.url ?? "");
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ Id: ID }));
    });
    const socketPath = join(dir, "docker.sock");
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const docker = new Docker({ socketPath });
    const book = new ImageBook(join(dir, "images.json"), silentLog);
    images = new Images(
      { preferLocal: false },
      { docker, book, clock: systemClock, log: silentLog },
    );
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true });
  });

  const ensure = (): Promise<void> => images.ensure(ID, "", signal);

  it("are looked for once by tasks that ask at a time, and again by a later one", async () => {
    await Promise.all([ensure(), ensure(), ensure()]);
    assert.equal(questions.length, 1);
    await ensure();
    assert.equal(questions.length, 2);
  });

  it("are still found by those who wait when the one that asked first has left", async () => {
    const leave = new AbortController();
    const first = images.ensure(ID, "", leave.signal);
    const second = ensure();
    leave.abort(new Error("enough"));
    await assert.rejects(first, /enough/);
    await second;
    assert.equal(questions.length, 1);
  });
});
