import { newId } from "../../lib/ids.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import type {
  Secret,
  ControlApi,
  CreateSecretRequest,
  CreateSecretResponse,
  GetSecretRequest,
  GetSecretResponse,
  ListSecretsRequest,
  ListSecretsResponse,
  RemoveSecretRequest,
  RemoveSecretResponse,
  UpdateSecretRequest,
  UpdateSecretResponse,
} from "../../proto/generated.ts";
import { checkVersion, readView, type ControlModules } from "./context.ts";
import { listObjects } from "./list.ts";
import { checkUnused, nameTaken, relabel } from "./payload-rules.ts";
import { redactSecret } from "./redact.ts";
import { checkSecret } from "./validate/payload.ts";

async function getSecret(
  modules: ControlModules,
  request: GetSecretRequest,
  call: Call,
): Promise<GetSecretResponse> {
  const view = await readView(modules, request.consistency, call);
  return { secret: redactSecret(view.secret.resolve(request.ref)) };
}

async function listSecrets(
  modules: ControlModules,
  request: ListSecretsRequest,
  call: Call,
): Promise<ListSecretsResponse> {
  const view = await readView(modules, request.consistency, call);
  const { items, next } = await listObjects(modules, view, "secret", request, redactSecret);
  return { secrets: items.filter((secret) => !secret.internal), next };
}

async function createSecret(
  { store, random }: ControlModules,
  request: CreateSecretRequest,
  call: Call,
): Promise<CreateSecretResponse> {
  const spec = checkSecret(request.spec);
  const name = spec.annotations?.name ?? "";
  const written = make("Secret", { id: newId(random), spec });
  await store.update((tx) => {
    if (tx.view.secret.named(name).size > 0) throw nameTaken("secret", name);
    tx.create("secret", written);
  }, call.signal);
  return { secret: redactSecret(store.view.secret.get(written.id) ?? written) };
}

async function updateSecret(
  { store }: ControlModules,
  request: UpdateSecretRequest,
  call: Call,
): Promise<UpdateSecretResponse> {
  const written = await store.update((tx) => {
    const stored = tx.view.secret.resolve(request.id);
    checkVersion(stored, request.version);
    const spec = stored.spec && relabel(stored.spec, request.spec);
    const secret: Secret = { ...stored, spec };
    tx.update("secret", secret);
    return secret;
  }, call.signal);
  return { secret: redactSecret(store.view.secret.get(written.id) ?? written) };
}

async function removeSecret(
  { store }: ControlModules,
  request: RemoveSecretRequest,
  call: Call,
): Promise<RemoveSecretResponse> {
  await store.update((tx) => {
    const secret = tx.view.secret.resolve(request.ref);
    const name = secret.spec?.annotations?.name ?? "";
    checkUnused("secret", name, tx.view.service.by("secret", secret.id));
    tx.remove("secret", secret);
  }, call.signal);
  return {};
}

/** The calls on secrets. Their data go to tasks only, never back to a client. */
export function secretApi(modules: ControlModules) {
  return {
    getSecret: (request, call) => getSecret(modules, request, call),
    listSecrets: (request, call) => listSecrets(modules, request, call),
    createSecret: (request, call) => createSecret(modules, request, call),
    updateSecret: (request, call) => updateSecret(modules, request, call),
    removeSecret: (request, call) => removeSecret(modules, request, call),
  } satisfies Partial<ControlApi>;
}
