import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";

interface Request {
  readonly Name?: string;
  readonly Opts?: Readonly<Record<string, string>>;
}

/** A volume of the plugin's. */
interface PluginVolume {
  readonly options: Readonly<Record<string, string>>;
  readonly path: string;
  mounts: number;
}

/**
 * A Docker volume plugin (VolumeDriver, version 1) on a socket in an engine's directory of plugins. Its
 * volumes are plain directories.
 */
export class VolumePlugin {
  readonly volumes = new Map<string, PluginVolume>();
  /** Calls as `verb name`, in order. */
  readonly calls: string[] = [];
  /** What a mount is refused with; empty = it is not. */
  refusal = "";
  readonly #dir: string;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  private constructor(dir: string) {
    this.#dir = dir;
  }

  /** Listens as `name` in `plugins`; volumes go to `dir`. */
  static async open(plugins: string, name: string, dir: string): Promise<VolumePlugin> {
    const plugin = new VolumePlugin(dir);
    plugin.#server.listen(join(plugins, `${name}.sock`));
    await once(plugin.#server, "listening");
    return plugin;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const asked = (body === "" ? {} : JSON.parse(body)) as Request;
    const verb = (request.url ?? "").replace(/^\/\w+\./, "");
    response.writeHead(200, { "content-type": "application/vnd.docker.plugins.v1.1+json" });
    response.end(JSON.stringify(this.#answer(verb, asked.Name ?? "", asked.Opts ?? {})));
  }

  #answer(verb: string, name: string, options: Readonly<Record<string, string>>): object {
    const volume = this.volumes.get(name);
    if (name !== "") this.calls.push(`${verb} ${name}`);
    switch (verb) {
      case "Activate":
        return { Implements: ["VolumeDriver"] };
      case "Capabilities":
        return { Capabilities: { Scope: "local" } };
      case "List":
        return {
          Volumes: [...this.volumes].map(([Name, { path }]) => ({ Name, Mountpoint: path })),
        };
      case "Create": {
        const path = join(this.#dir, name);
        mkdirSync(path, { recursive: true });
        this.volumes.set(name, { options, path, mounts: 0 });
        return {};
      }
    }
    if (!volume) return { Err: `no volume ${name}` };
    const { path: Mountpoint } = volume;
    switch (verb) {
      case "Mount":
        if (this.refusal !== "") return { Err: this.refusal };
        volume.mounts++;
        return { Mountpoint };
      case "Unmount":
        volume.mounts--;
        return {};
      case "Remove":
        this.volumes.delete(name);
        return {};
      case "Get":
        return { Volume: { Name: name, Mountpoint } };
      default:
        return { Mountpoint };
    }
  }
}
