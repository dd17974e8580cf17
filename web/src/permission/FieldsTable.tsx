import { Box, Button, Group, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { defaultRangeExtractor, type Range, useWindowVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { FieldRow } from "./FieldRow";
import classes from "./FieldsTable.module.css";
import type { FieldPages } from "./useFieldPages";

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
    overscan: 8,
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
              <FieldRow
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
