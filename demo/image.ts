import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/** The demo's image: this machine's Node and the replica's program, imported without a registry. */
export const DEMO_IMAGE = "skep-demo:latest";

/** The replica's program inside the image. */
export const REPLICA_IN_IMAGE = path.join(import.meta.dirname, "replica.js");

/**
 * Makes {@link DEMO_IMAGE} on the local Docker Engine from files of this machine: the node
 * executable, the libraries it is linked to and the replica.
 */
export async function importImage(): Promise<void> {
  const script = `
    set -e
    libs=$(ldd "$1" | grep -o '/[^ )]*')
    ln -sf "$1" "$3/node"
    tar -chf - --transform "s|^$3/node|node|;s|^/||" -P "$3/node" $libs "$2" "$(dirname "$2")/../package.json" |
      docker import --change 'CMD ["/node"]' - "$4"`;
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "skep-image-"));
  const args = ["-c", script, "sh", process.execPath, REPLICA_IN_IMAGE, scratch, DEMO_IMAGE];
  const child = spawn("sh", args, { stdio: ["ignore", "ignore", "pipe"] });
  const errors: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  fs.rmSync(scratch, { recursive: true, force: true });
  if (code !== 0) {
    const said = Buffer.concat(errors).toString().trim();
    throw new Error(`the demo's image could not be made: ${said}. Is the Docker Engine running?`);
  }
}

/** Takes the demo's image off the local Docker Engine again. */
export async function removeImage(): Promise<void> {
  const child = spawn("docker", ["image", "rm", "--force", DEMO_IMAGE], { stdio: "ignore" });
  await once(child, "close");
}
