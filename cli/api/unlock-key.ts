import type { Engine } from "./engine.ts";

/** The key that an autolocked swarm's managers need to start; empty when autolock is off. */
export async function readUnlockKey(engine: Engine): Promise<string> {
  const { UnlockKey } = await engine.request<{ readonly UnlockKey: string }>({
    method: "GET",
    path: "/swarm/unlockkey",
  });
  return UnlockKey;
}

/** How to use the key, as a paragraph. */
export function unlockAdvice(key: string): string {
  return (
    "To unlock a swarm manager after it restarts, run the `swarm unlock`\n" +
    `command and provide the following key:\n\n    ${key}\n\n` +
    "Remember to store this key in a password manager, since without it you\n" +
    "will not be able to restart the manager.\n"
  );
}
