import { Box } from "@mantine/core";
import { memo } from "react";
import { Status } from "~/ui/Status";
import classes from "./FieldsTable.module.css";
import type { PermissionFieldRowFragment } from "./fields.generated";
import { RightMarks } from "./RightMarks";
import { fieldStatusTone, fieldStatusWords } from "./words";

// A table by its roles: <table> cannot draw only some of its rows, each in its place.
const cellRole = { role: "cell" } as const;

/** FieldRow is one line of the list. It is made of plain elements: scrolling makes many. */
export const FieldRow = memo(function FieldRow({
  field,
  index,
  top,
  height,
  reachable,
  opened,
  onFocus,
  onOpen,
}: {
  field: PermissionFieldRowFragment;
  index: number;
  top: number;
  height: number;
  /** Whether Tab leads to it; arrow keys lead to the others. */
  reachable: boolean;
  opened: boolean;
  onFocus(index: number): void;
  onOpen(name: string): void;
}) {
  return (
    <Box
      role="row"
      aria-rowindex={index + 2}
      data-index={index}
      data-opened={opened || undefined}
      className={`${classes.row} ${classes.field}`}
      style={{ height, transform: `translateY(${top}px)` }}
    >
      <div {...cellRole} className={classes.name}>
        <button
          type="button"
          className={classes.open}
          tabIndex={reachable ? 0 : -1}
          aria-haspopup="dialog"
          onFocus={() => onFocus(index)}
          onClick={() => onOpen(field.name)}
        >
          <span className={classes.label}>{field.label || field.name}</span>
          <span className={classes.code}>{field.name}</span>
        </button>
      </div>
      <div {...cellRole} className={classes.status}>
        <Status tone={fieldStatusTone[field.status]}>{fieldStatusWords[field.status]}</Status>
      </div>
      <div {...cellRole} className={classes.extra}>
        {field.dataType}
      </div>
      <div {...cellRole} className={classes.extra} data-none={field.standardField === null || undefined}>
        {field.standardField ?? "not mapped"}
      </div>
      <div {...cellRole} className={classes.extra}>
        <RightMarks given={field.rights} />
      </div>
    </Box>
  );
});
