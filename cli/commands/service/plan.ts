import type { Engine } from "../../api/engine.ts";
import type { ServicePlan } from "../../api/forecast-types.ts";
import type { Context } from "../../context.ts";
import { planText } from "../../render/forecast-text.ts";

/** Prints what writing `spec` would lead to; `id` is that of the service to be updated. */
export async function printPlan(
  engine: Engine,
  spec: unknown,
  id: string | undefined,
  context: Context,
): Promise<void> {
  const path = "/skep/v1/services/plan";
  const plan = await engine.request<ServicePlan>({
    method: "POST",
    path,
    query: { id },
    body: spec,
  });
  context.out.write(planText(plan));
}
