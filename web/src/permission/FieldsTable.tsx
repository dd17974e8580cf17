import { Box, Button, Group, Text, UnstyledButton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { defaultRangeExtractor, type Range, useWindowVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, memo, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Status } from "~/ui/Status";
import classes from "./FieldsTable.module.css";
import type { PermissionFieldRowFragment } from "./fields.generated";
import { RightMarks } from "./RightMarks";
import type { FieldPages } from "./useFieldPages";
import { fieldStatusTone, fieldStatusWords } from "./words";

const wideRow = 48;
const narrowRow = 72;

/**
 * FieldsTable shows thousands of fields by drawing only those on the screen. Arrow keys, Page
 * Up and Down, Home and End go from field to field; Enter opens one.
 */
export function FieldsTable({
  pages,
  label,
  opened,
  onOpen,
}: {
  pages: FieldPages;
  label: string;
  /** The name of the field whose details are open. */
  opened: string;
  onOpen(name: string): void;
}) {
  const { fields, total, more, failed, show, retry } = pages;
  const narrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false }) ?? false;
  const body = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  const [focused, setFocused] = useState(0);
  const moveTo = useRef<number | null>(null);
  useLayoutEffect(() => {
    const measure = () => {
      if (body.current) setMargin(body.current.getBoundingClientRect().top + window.scrollY);
    };
    measure();
    // What is above the list may change its height.
    const above = new ResizeObserver(measure);
    above.observe(document.body);
    return () => above.disconnect();
  }, []);
  const size = narrow ? narrowRow : wideRow;
  const virtual = useWindowVirtualizer({
    count: fields.length,
    estimateSize: () => size,
    overscan: 12,
    scrollMargin: margin,
    // The header sticks below the shell's; what is scrolled to stays free of both.
    scrollPaddingStart: 112,
    getItemKey: (index) => fields[index]?.id ?? index,
    // The row with the focus is kept, or the focus would be lost with it.
    rangeExtractor: useCallback(
      (range: Range) => {
        const rows = defaultRangeExtractor(range);
        return rows.includes(focused) || focused >= range.count ? rows : [...rows, focused].sort((a, b) => a - b);
      },
      [focused],
    ),
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows of another size are measured again
  useEffect(() => virtual.measure(), [size]);
  const rows = virtual.getVirtualItems();
  const from = virtual.range?.startIndex ?? 0;
  const to = virtual.range?.endIndex ?? 0;
  useEffect(() => show(from, to), [show, from, to]);

  useEffect(() => {
    if (moveTo.current === null) return;
    const row = body.current?.querySelector<HTMLElement>(`[data-index="${moveTo.current}"] button`);
    if (row) {
      row.focus({ preventScroll: true });
      moveTo.current = null;
    }
  });
  const onKey = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(window.innerHeight / size) - 3);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -fields.length,
      End: fields.length,
    };
    const step = steps[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = Math.min(Math.max(focused + step, 0), fields.length - 1);
    moveTo.current = next;
    setFocused(next);
    virtual.scrollToIndex(next, { align: "auto" });
  };
  return (
    <Box role="table" aria-label={label} aria-rowcount={total + 1} className={classes.table}>
      <Box role="rowgroup" className={classes.head}>
        <Box role="row" aria-rowindex={1} className={classes.row}>
          {["Field", "Status", "Type", "Standard field", "Rights"].map((title) => (
            <Box key={title} component="span" role="columnheader">
              {title}
            </Box>
          ))}
        </Box>
      </Box>
      <Box
        role="rowgroup"
        ref={body}
        onKeyDown={onKey}
        style={{ height: virtual.getTotalSize(), position: "relative" }}
      >
        {rows.map((row) => {
          const field = fields[row.index];
          return (
            field && (
              <Row
                key={row.key}
                field={field}
                index={row.index}
                top={row.start - margin}
                height={size}
                reachable={row.index === focused}
                opened={field.name === opened}
                onFocus={setFocused}
                onOpen={onOpen}
              />
            )
          );
        })}
      </Box>
      {(more || failed) && (
        <Group p="sm" gap="sm" role="status">
          <Text size="sm" c="dimmed">
            {failed ? "The next fields could not be loaded." : "Loading the next fields…"}
          </Text>
          {failed && (
            <Button size="xs" variant="default" onClick={retry}>
              Try again
            </Button>
          )}
        </Group>
      )}
    </Box>
  );
}

const Row = memo(function Row({
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
      style={{ position: "absolute", top: 0, left: 0, right: 0, height, transform: `translateY(${top}px)` }}
    >
      <Box role="cell" className={classes.name}>
        <UnstyledButton
          className={classes.open ?? ""}
          tabIndex={reachable ? 0 : -1}
          aria-haspopup="dialog"
          onFocus={() => onFocus(index)}
          onClick={() => onOpen(field.name)}
        >
          <Text size="sm" fw={550} truncate>
            {field.label || field.name}
          </Text>
          <Text size="xs" c="dimmed" ff="monospace" truncate>
            {field.name}
          </Text>
        </UnstyledButton>
      </Box>
      <Box role="cell" className={classes.status}>
        <Status tone={fieldStatusTone[field.status]}>{fieldStatusWords[field.status]}</Status>
      </Box>
      <Text role="cell" size="sm" truncate className={classes.extra ?? ""}>
        {field.dataType}
      </Text>
      <Text
        role="cell"
        size="sm"
        truncate
        className={classes.extra ?? ""}
        c={field.standardField ? "inherit" : "dimmed"}
      >
        {field.standardField ?? "not mapped"}
      </Text>
      <Box role="cell" className={classes.extra}>
        <RightMarks given={field.rights} />
      </Box>
    </Box>
  );
});
