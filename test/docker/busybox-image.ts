import { spawnSync } from "node:child_process";
import { chmod, copyFile, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";

/** Debian's package `busybox-static`: needs nothing else in its image. */
export const BUSYBOX = "/bin/busybox";

/** Programs that the image offers, all of them busybox. */
const APPLETS = ["sh", "sleep", "echo", "cat", "true", "false", "kill", "stat", "id", "hostname"];
const MORE_APPLETS = ["pwd", "env", "ls", "mount", "test", "touch", "rm", "trap", "seq", "head"];

/** Image that every engine of the tests has. */
export const IMAGE = "skep-busybox:test";

/** Makes the image's files below `dir`, which must be there; returns the tar file. */
export async function makeBusyboxTar(dir: string): Promise<string> {
  const root = join(dir, "rootfs");
  await mkdir(join(root, "bin"), { recursive: true });
  for (const name of ["tmp", "etc", "proc", "run"]) await mkdir(join(root, name));
  await copyFile(BUSYBOX, join(root, "bin/busybox"));
  await chmod(join(root, "bin/busybox"), 0o755);
  for (const applet of [...APPLETS, ...MORE_APPLETS])
    await symlink("busybox", join(root, "bin", applet));
  const tar = join(dir, "image.tar");
  spawnSync("tar", ["-C", root, "-cf", tar, "."]);
  return tar;
}

/** Gives an engine the image; no registry is at hand. */
export async function importImage(docker: Docker, tar: string): Promise<void> {
  const [repo, tag] = IMAGE.split(":");
  const stream = await docker.importImage(tar, { repo, tag });
  await new Promise((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null) =>
      error ? reject(error) : resolve(undefined),
    );
  });
}
