import type { Call } from "../proto/call.ts";
import type { RpcService } from "../proto/method.ts";

/**
 * A service that only the leader can answer, as every manager offers it.
 * @param local the implementation while this manager leads, else undefined
 * @param elsewhere what answers instead: the leader's API, or an error by throwing
 */
export function leaderOnly<Api extends object>(
  service: RpcService<Api>,
  local: () => Api | undefined,
  elsewhere: () => Api,
): Api {
  type Handler = (request: unknown, call: Call) => unknown;
  const api: Record<string, Handler> = {};
  for (const [name, method] of Object.entries(service.methods)) {
    const call: Handler = (request, context) => {
      const target = (local() ?? elsewhere()) as Record<string, Handler>;
      return target[name]?.(request, context);
    };
    api[name] = method.responseStream ? call : async (request, context) => call(request, context);
  }
  return api as unknown as Api;
}
