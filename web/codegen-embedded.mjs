import { isObjectType } from "graphql";

// The object types without an id of their own: the cache keeps them inside their parents.
export function plugin(schema) {
  const names = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith("__") && !type.getFields().id)
    .map((type) => type.name)
    .sort();
  return `export const embeddedTypes = ${JSON.stringify(names, null, 2)} as const;\n`;
}
