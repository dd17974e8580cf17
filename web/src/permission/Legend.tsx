import { Button, Collapse, Paper, Text } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { Fragment, useId } from "react";
import { Status } from "~/ui/Status";
import { useDraft } from "~/ui/useDraft";
import type { PermissionFieldsQuery } from "./fields.generated";
import classes from "./Legend.module.css";
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
        <dl className={classes.legend}>
          {guides.map((guide) => (
            <Fragment key={guide.status}>
              <dt>
                <Status tone={fieldStatusTone[guide.status]}>{guide.title}</Status>
              </dt>
              <dd>
                {guide.description} <span className={classes.guidance}>{guide.guidance}</span>
              </dd>
            </Fragment>
          ))}
        </dl>
        <Text size="sm" c="dimmed" mb="xs">
          A field that does not appear at all cannot be read, or is not in the CRM, and nothing is mapped to it.
        </Text>
      </Collapse>
    </Paper>
  );
}
