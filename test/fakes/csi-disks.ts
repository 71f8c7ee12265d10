import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { FakeCsiBackend } from "./csi-plugin.ts";
import { CsiStorage } from "./csi-storage.ts";

/**
 * Storage with something in it: each disk is a directory, which is moved to where it is published,
 * and back. Needs no mounts, and so no root.
 */
export class CsiDisks {
  readonly storage = new CsiStorage();
  readonly #dir: string;

  /** `dir` is made, on the file system that the nodes publish on. */
  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir);
  }

  /** Where a disk is while it is published nowhere. */
  path(volumeId: string): string {
    return join(this.#dir, volumeId);
  }

  /** A plugin's way to the storage from a node; managers take any. */
  backend(nodeId: string): FakeCsiBackend {
    const controller = this.storage.controller();
    const node = this.storage.node(nodeId);
    return {
      controller: {
        ...controller,
        createVolume: async (...args) => {
          const info = await controller.createVolume(...args);
          mkdirSync(this.path(info.volumeId), { recursive: true });
          return info;
        },
        deleteVolume: async (volumeId, ...rest) => {
          await controller.deleteVolume(volumeId, ...rest);
          rmSync(this.path(volumeId), { recursive: true, force: true });
        },
      },
      node: {
        ...node,
        nodePublishVolume: async (request, signal) => {
          await node.nodePublishVolume(request, signal);
          const { volume, targetPath } = request;
          if (!existsSync(targetPath)) renameSync(this.path(volume.volumeId), targetPath);
        },
        nodeUnpublishVolume: async (request, signal) => {
          await node.nodeUnpublishVolume(request, signal);
          const { volume, targetPath } = request;
          if (existsSync(targetPath)) renameSync(targetPath, this.path(volume.volumeId));
        },
      },
    };
  }
}
