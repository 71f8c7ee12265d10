import protobuf from "protobufjs";
import { typeName } from "./type-name.ts";

const SCALARS: Readonly<Record<string, string>> = {
  string: "string",
  bool: "boolean",
  bytes: "Uint8Array",
  double: "number",
  float: "number",
  int32: "number",
  uint32: "number",
  sint32: "number",
  fixed32: "number",
  sfixed32: "number",
  int64: "number",
  uint64: "number",
  sint64: "number",
  fixed64: "number",
  sfixed64: "number",
};

function typeOf(field: protobuf.Field): string {
  const base = field.resolvedType ? typeName(field.resolvedType) : (SCALARS[field.type] ?? "never");
  if (field instanceof protobuf.MapField) return `{ readonly [key: string]: ${base} }`;
  if (field.repeated) return `readonly ${base}[]`;
  return field.resolvedType instanceof protobuf.Type && !field.partOf ? `${base} | null` : base;
}

const caption = (comment: string | null, indent = ""): string =>
  comment ? `${indent}/** ${comment.replace(/\s*\n\s*/g, " ").trim()} */\n` : "";

function printMessage(type: protobuf.Type): string {
  const name = typeName(type);
  const fields = type.fieldsArray
    .filter((field) => !field.partOf)
    .map((field) => `${caption(field.comment, "  ")}  readonly ${field.name}: ${typeOf(field)};`)
    .join("\n");
  const unions = type.oneofsArray.map((oneof) => {
    const arms = oneof.fieldsArray.map(
      (field) =>
        `{ readonly ${oneof.name}: "${field.name}"; readonly ${field.name}: ${typeOf(field)} }`,
    );
    return `(${[...arms, `{ readonly ${oneof.name}?: undefined }`].join(" | ")})`;
  });
  if (unions.length === 0) {
    const body = fields ? `{\n${fields}\n}` : "{}";
    return `${caption(type.comment)}export interface ${name} ${body}`;
  }
  return `${caption(type.comment)}export type ${name} = {\n${fields}\n} & ${unions.join(" & ")};`;
}

/** `TASK_STATE_NEW` of enum TaskState prints as `NEW`. */
function printEnum(enumeration: protobuf.Enum): string {
  const name = typeName(enumeration);
  const prefix = `${enumeration.name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toUpperCase()}_`;
  const values = Object.entries(enumeration.values)
    .map(
      ([key, value]) => `  ${key.startsWith(prefix) ? key.slice(prefix.length) : key}: ${value},`,
    )
    .join("\n");
  return (
    `${caption(enumeration.comment)}export const ${name} = {\n${values}\n} as const;\n` +
    `export type ${name} = (typeof ${name})[keyof typeof ${name}];`
  );
}

function printService(service: protobuf.Service): string {
  const methods = service.methodsArray.map((method) => {
    const request = typeName(method.resolvedRequestType!);
    const response = typeName(method.resolvedResponseType!);
    const key = method.name.charAt(0).toLowerCase() + method.name.slice(1);
    const takes = method.requestStream ? `AsyncIterable<${request}>` : request;
    const gives = method.responseStream ? `AsyncIterable<${response}>` : `Promise<${response}>`;
    return {
      signature: `${caption(method.comment, "  ")}  ${key}(request: ${takes}, call: Call): ${gives};`,
      definition:
        `    ${key}: method("${service.fullName.slice(1)}/${method.name}", ` +
        `"${request}", "${response}", ${!!method.requestStream}, ${!!method.responseStream}),`,
    };
  });
  const name = typeName(service);
  return (
    `${caption(service.comment)}export interface ${name}Api {\n${methods.map((m) => m.signature).join("\n")}\n}\n\n` +
    `export const ${name}Service: RpcService<${name}Api> = {\n  methods: {\n${methods.map((m) => m.definition).join("\n")}\n  },\n};`
  );
}

/** All types of `root` as one TypeScript module. */
export function printTypes(root: protobuf.Root): string {
  const enums: string[] = [];
  const messages: string[] = [];
  const services: string[] = [];
  const names: string[] = [];
  const visit = (object: protobuf.ReflectionObject): void => {
    if (object instanceof protobuf.Enum) enums.push(printEnum(object));
    if (object instanceof protobuf.Service) services.push(printService(object));
    if (object instanceof protobuf.Type) {
      messages.push(printMessage(object));
      names.push(`  ${typeName(object)}: ${typeName(object)};`);
    }
    if (object instanceof protobuf.Namespace) object.nestedArray.forEach(visit);
  };
  visit(root);
  return [
    `import type { Call } from "./call.ts";\nimport { method, type RpcService } from "./method.ts";`,
    ...enums,
    ...messages,
    `/** Every message by its name. */\nexport interface Messages {\n${names.join("\n")}\n}`,
    ...services,
  ]
    .join("\n\n")
    .concat("\n");
}
