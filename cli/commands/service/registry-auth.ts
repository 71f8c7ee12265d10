import { join } from "node:path";
import type { ServiceSpec } from "../../api/service-types.ts";
import type { Context } from "../../context.ts";

/** Docker Hub's key in docker's configuration file. */
const DOCKER_HUB = "https://index.docker.io/v1/";

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { readonly auth?: string }>>;
}

/**
 * The header that hands the user's registry credentials over, as `docker login` left them in
 * docker's configuration file; no header when there are none.
 */
export async function registryAuth(
  spec: ServiceSpec,
  context: Context,
): Promise<Readonly<Record<string, string>>> {
  const registry = registryOf(spec.TaskTemplate.ContainerSpec?.Image ?? "");
  const config = await readDockerConfig(context);
  const auth = config.auths?.[registry]?.auth;
  if (!auth) {
    context.err.write(
      `No credentials for ${registry} in docker's configuration: none are sent. ` +
        'Credential helpers are not asked; use "docker login" without one.\n',
    );
    return {};
  }
  const [username, ...password] = Buffer.from(auth, "base64").toString().split(":");
  const credentials = { username, password: password.join(":"), serveraddress: registry };
  return {
    "X-Registry-Auth": Buffer.from(JSON.stringify(credentials)).toString("base64url"),
  };
}

/** The registry an image comes from: its first part when that looks like a host. */
export function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return isHost && first !== "docker.io" ? first : DOCKER_HUB;
}

async function readDockerConfig({ env, readFile }: Context): Promise<DockerConfig> {
  const directory = env["DOCKER_CONFIG"] ?? join(env["HOME"] ?? "", ".docker");
  try {
    return JSON.parse((await readFile(join(directory, "config.json"))).toString()) as DockerConfig;
  } catch {
    // No file, or one that only docker understands: there are no credentials to send.
    return {};
  }
}
