import { Button, Collapse, Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useId } from "react";
import { Status } from "~/ui/Status";
import { useDraft } from "~/ui/useDraft";
import type { PermissionFieldsQuery } from "./fields.generated";
import { fieldStatusTone } from "./words";

/** Legend says what each field status means and what to do, in the words of the API. */
export function Legend({ guides }: { guides: PermissionFieldsQuery["fieldStatuses"] }) {
  // Where there is room it begins open; whoever closed it has read it.
  const [opened, setOpened] = useDraft("field-legend", window.innerWidth >= 992);
  const content = useId();
  return (
    <Paper withBorder px="md" py="xs">
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        mx={-8}
        aria-expanded={opened}
        aria-controls={content}
        rightSection={opened ? <IconChevronUp size={16} aria-hidden /> : <IconChevronDown size={16} aria-hidden />}
        onClick={() => setOpened(!opened)}
      >
        What the statuses mean
      </Button>
      <Collapse expanded={opened} id={content}>
        <SimpleGrid cols={{ base: 1, sm: 3 }} component="dl" my="xs">
          {guides.map((guide) => (
            <div key={guide.status}>
              <dt>
                <Status tone={fieldStatusTone[guide.status]}>{guide.title}</Status>
              </dt>
              <Stack component="dd" gap={4} m={0} mt={6}>
                <Text size="sm">{guide.description}</Text>
                {guide.guidance && (
                  <Text size="sm" c="dimmed">
                    {guide.guidance}
                  </Text>
                )}
              </Stack>
            </div>
          ))}
        </SimpleGrid>
        <Text size="sm" c="dimmed" mb="xs">
          A field that does not appear at all cannot be read, or is not in the CRM, and nothing is mapped to it.
        </Text>
      </Collapse>
    </Paper>
  );
}
