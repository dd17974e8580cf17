import { Button, CloseButton, Fieldset, Group, Stack, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";

export interface Header {
  id: number;
  name: string;
  value: string;
}

/** HeaderInputs are headers that a webhook's messages carry; their values are secrets. */
export function HeaderInputs({ headers, onChange }: { headers: readonly Header[]; onChange(headers: Header[]): void }) {
  const set = (id: number, change: Partial<Header>) =>
    onChange(headers.map((each) => (each.id === id ? { ...each, ...change } : each)));
  const next = headers.reduce((most, { id }) => Math.max(most, id + 1), 0);
  return (
    <Fieldset legend="Headers to send along">
      <Stack gap="xs">
        {headers.map((header, index) => (
          <Group key={header.id} gap="xs" wrap="nowrap" align="flex-end">
            <TextInput
              label={`Name of header ${index + 1}`}
              placeholder="Authorization"
              style={{ flex: 1 }}
              value={header.name}
              onChange={(event) => set(header.id, { name: event.currentTarget.value })}
            />
            <TextInput
              label={`Value of header ${index + 1}`}
              type="password"
              autoComplete="off"
              style={{ flex: 1 }}
              value={header.value}
              onChange={(event) => set(header.id, { value: event.currentTarget.value })}
            />
            <CloseButton
              size="lg"
              aria-label={`Leave out header ${index + 1}`}
              onClick={() => onChange(headers.filter(({ id }) => id !== header.id))}
            />
          </Group>
        ))}
        <div>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => onChange([...headers, { id: next, name: "", value: "" }])}
          >
            Add a header
          </Button>
        </div>
      </Stack>
    </Fieldset>
  );
}
