import assert from "node:assert/strict";
import { dirtyTest } from "../../../manager/orchestrator/dirty.ts";
import { plainEndpoint } from "../../../manager/resources/endpoint.ts";
import { make } from "../../../proto/codec.ts";
import {
  TaskState,
  type Service,
  type ServiceSpec,
  type Task,
  type TaskSpec,
} from "../../../proto/generated.ts";
import { aNode, aService, aTask } from "../../fakes/objects.ts";

const node = aNode("node1");
const old = aService("web");

/** Whether a task of {@link old} is dirty when its service has become `service`. */
const isDirty = (service: Service, task: Partial<Task> = {}): boolean =>
  dirtyTest(service, (id) => (id === node.id ? node : undefined))(
    aTask("t", old, {
      nodeId: node.id,
      status: make("TaskStatus", { state: TaskState.RUNNING }),
      ...task,
    }),
  );

const changed = (fields: Partial<Service["spec"] & object>): Service => ({
  ...old,
  specVersion: { index: 2 },
  spec: old.spec && ({ ...old.spec, ...fields } as Service["spec"]),
});
const changedTask = (fields: Partial<TaskSpec>): Service =>
  changed({ task: { ...old.spec?.task, ...fields } as TaskSpec });
const placed = (...constraints: string[]) =>
  changedTask({ placement: make("Placement", { constraints }) });
const withAuth = (registryAuth: string) =>
  changedTask({
    runtime: "container",
    container: make("ContainerSpec", { image: "busybox", registryAuth }),
  });

describe("dirty test", () => {
  it("takes a task of the present spec version for clean, whatever it says", () => {
    const service = { ...changedTask({ forceUpdate: 1 }), specVersion: old.specVersion };
    assert(!isDirty(service));
  });

  it("compares where the versions differ, or there are none", () => {
    assert(!isDirty(changed({})));
    assert(isDirty(changedTask({ forceUpdate: 1 })));
    assert(
      isDirty({ ...changedTask({ forceUpdate: 1 }), specVersion: null }, { specVersion: null }),
    );
  });

  it("does not mind the scale, the update's options and the labels of the service", () => {
    assert(!isDirty(changed({ mode: "replicated", replicated: { replicas: 9 } })));
    assert(!isDirty(changed({ update: make("UpdateConfig", { parallelism: 3 }) })));
    const annotations = make("Annotations", { name: "web", labels: { a: "b" } });
    assert(!isDirty(changed({ annotations })));
  });

  it("minds the endpoint", () => {
    const ports = [make("PortConfig", { targetPort: 80, publishedPort: 8080 })];
    assert(isDirty(changed({ endpoint: make("EndpointSpec", { ports }) })));
  });

  it("takes no endpoint asked for and the plain one that was given for the same", () => {
    const service = changed({ endpoint: null });
    const given = plainEndpoint(service.spec as ServiceSpec);
    assert(!isDirty(service, { endpoint: given }));
    assert(!isDirty(changed({ endpoint: given?.spec ?? null }), { endpoint: given }));
    const ports = [make("PortConfig", { targetPort: 80 })];
    const published = make("Endpoint", { spec: make("EndpointSpec", { ports }) });
    assert(isDirty(service, { endpoint: published }));
  });

  it("minds a new placement only where the node does not fit it", () => {
    assert(!isDirty(placed("node.hostname==node1")));
    assert(isDirty(placed("node.hostname==node2")));
    assert(isDirty(placed("node.hostname==node1"), { nodeId: "gone" }));
    assert(isDirty(placed("not a constraint")));
  });

  it("minds new registry credentials only until the image is there", () => {
    const at = (state: TaskState) => ({ status: make("TaskStatus", { state }) });
    assert(!isDirty(withAuth("secret")));
    assert(!isDirty(withAuth("secret"), at(TaskState.READY)));
    assert(isDirty(withAuth("secret"), at(TaskState.PREPARING)));
  });
});
