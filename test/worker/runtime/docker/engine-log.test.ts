import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeFrame } from "../../../../lib/frames.ts";
import { engineLines } from "../../../../worker/runtime/docker/engine-log.ts";
import type { LogLine } from "../../../../worker/runtime/runtime.ts";

const THEN = "2026-01-02T03:04:05.678901234Z";
const LATER = "2026-01-02T03:04:06Z";
const STDOUT = 1;
const STDERR = 2;
const LINE_BYTES_MAX = 65_536;

const frame = (stream: number, text: string): Buffer => encodeFrame(stream, Buffer.from(text));

/** The bytes in chunks of `bytes`, as a socket may cut them. */
async function* inChunks(whole: Buffer, bytes: number): AsyncIterable<Buffer> {
  for (let at = 0; at < whole.length; at += bytes) yield whole.subarray(at, at + bytes);
}

async function linesOf(whole: Buffer, tty = false, bytes = whole.length): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of engineLines(inChunks(whole, bytes), { tty })) lines.push(line);
  return lines;
}

const shown = (lines: readonly LogLine[]): string[] =>
  lines.map((line) => `${line.timestamp} ${line.stream} ${Buffer.from(line.data).toString()}`);

describe("an engine's log", () => {
  it("gives each line its time, its stream and what its driver adds, however it is cut", async () => {
    const whole = Buffer.concat([
      frame(STDOUT, `${THEN} colour=light+green,a%2Cb=c%3Dd one line\n`),
      frame(STDERR, `${LATER} colour=light+green,a%2Cb=c%3Dd \n`),
      frame(STDOUT, `${LATER}  plain\n`),
    ]);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: whole.length }), async (bytes) => {
        const lines = await linesOf(whole, false, bytes);
        assert.deepEqual(shown(lines), [
          `${THEN} stdout one line`,
          `${LATER} stderr `,
          `${LATER} stdout plain`,
        ]);
        const attrs = { colour: "light green", "a,b": "c=d" };
        assert.deepEqual(
          lines.map((line) => line.attrs),
          [attrs, attrs, {}],
        );
      }),
    );
  });

  it("puts together what the driver has cut, the streams apart", async () => {
    const whole = Buffer.concat([
      frame(STDOUT, `${THEN}  a long`),
      frame(STDERR, `${LATER}  between\n`),
      frame(STDOUT, `${LATER}   line\n`),
      frame(STDOUT, `${LATER}  unfinished`),
    ]);
    assert.deepEqual(shown(await linesOf(whole)), [
      `${LATER} stderr between`,
      `${THEN} stdout a long line`,
      `${LATER} stdout unfinished`,
    ]);
  });

  it("gives a line without an end in pieces of a bounded length", async () => {
    const piece = "x".repeat(16_384);
    const framed = Buffer.concat(
      Array.from({ length: 40 }, () => frame(STDOUT, `${THEN}  ${piece}`)),
    );
    const plain = Buffer.from(`${THEN}  ${piece.repeat(40)}\r\n`);
    for (const [whole, tty] of [
      [framed, false],
      [plain, true],
    ] as const) {
      const lines = await linesOf(whole, tty, 8_192);
      assert.equal(
        lines.map(({ data }) => Buffer.from(data).toString()).join(""),
        piece.repeat(40),
      );
      for (const { data, timestamp } of lines) {
        assert.ok(data.length <= LINE_BYTES_MAX, `${data.length} bytes`);
        assert.equal(timestamp, THEN);
      }
    }
  });

  it("reads the lines of a terminal", async () => {
    const whole = Buffer.from(`${THEN} a=b one\r\n${LATER} a=b \r\n${LATER} a=b rest`);
    for (const bytes of [1, 7, whole.length]) {
      const lines = await linesOf(whole, true, bytes);
      assert.deepEqual(shown(lines), [
        `${THEN} stdout one`,
        `${LATER} stdout `,
        `${LATER} stdout rest`,
      ]);
      for (const { attrs } of lines) assert.deepEqual(attrs, { a: "b" });
    }
  });
});
