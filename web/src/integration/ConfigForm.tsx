import { NumberInput, Select, Stack, Switch, TextInput } from "@mantine/core";

/** What a form makes of one property of a connector's JSON Schema. */
interface Property {
  type?: string;
  title?: string;
  description?: string;
  enum?: (string | number)[];
  default?: unknown;
  format?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
}

export type Config = Record<string, string | number | boolean>;

interface Schema {
  required?: string[];
  properties?: Record<string, Property>;
}

function schemaOf(schema: unknown): Schema {
  return typeof schema === "object" && schema !== null ? (schema as Schema) : {};
}

export function hasConfig(schema: unknown): boolean {
  return Object.keys(schemaOf(schema).properties ?? {}).length > 0;
}

/** The required properties that have no value yet. */
export function missingConfig(schema: unknown, value: Config): string[] {
  const { required = [], properties = {} } = schemaOf(schema);
  return required.filter((name) => value[name] === undefined && properties[name]?.default === undefined);
}

/**
 * ConfigForm asks for the properties of a connector's JSON Schema. What is not entered is left
 * out: the connector's defaults, which are shown, hold then.
 */
export function ConfigForm({
  schema,
  value,
  onChange,
  errorOf,
}: {
  schema: unknown;
  value: Config;
  onChange(value: Config): void;
  errorOf(name: string): string | undefined;
}) {
  const { required = [], properties = {} } = schemaOf(schema);
  const set = (name: string, next: string | number | boolean | undefined) => {
    const rest = { ...value };
    if (next === undefined || next === "") delete rest[name];
    else rest[name] = next;
    onChange(rest);
  };
  return (
    <Stack maw={720}>
      {Object.entries(properties).map(([name, property]) => (
        <Field
          key={name}
          name={name}
          property={property}
          required={required.includes(name) && property.default === undefined}
          value={value[name]}
          error={errorOf(name)}
          onChange={(next) => set(name, next)}
        />
      ))}
    </Stack>
  );
}

function Field({
  name,
  property,
  required,
  value,
  error,
  onChange,
}: {
  name: string;
  property: Property;
  required: boolean;
  value: string | number | boolean | undefined;
  error: string | undefined;
  onChange(value: string | number | boolean | undefined): void;
}) {
  const common = {
    label: property.title ?? name,
    description: property.description,
    ...(error ? { error } : {}),
  };
  const asked = { ...common, required, name };
  const standard = property.default === undefined ? "" : String(property.default);
  if (property.enum) {
    return (
      <Select
        {...asked}
        data={property.enum.map((each) => ({
          value: String(each),
          label: String(each) === standard ? `${each} (default)` : String(each),
        }))}
        value={value === undefined ? standard || null : String(value)}
        allowDeselect={false}
        onChange={(next) => onChange(property.enum?.find((each) => String(each) === next))}
      />
    );
  }
  if (property.type === "boolean") {
    return (
      <Switch
        {...common}
        name={name}
        checked={value === undefined ? property.default === true : value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  }
  if (property.type === "integer" || property.type === "number") {
    return (
      <NumberInput
        {...asked}
        value={typeof value === "number" ? value : ""}
        placeholder={standard}
        allowDecimal={property.type === "number"}
        {...(property.minimum === undefined ? {} : { min: property.minimum })}
        {...(property.maximum === undefined ? {} : { max: property.maximum })}
        styles={{ wrapper: { maxWidth: 240 } }}
        onChange={(next) => onChange(typeof next === "number" ? next : undefined)}
      />
    );
  }
  return (
    <TextInput
      {...asked}
      type={property.format === "uri" ? "url" : "text"}
      value={typeof value === "string" ? value : ""}
      placeholder={standard}
      {...(property.maxLength === undefined ? {} : { maxLength: property.maxLength })}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
