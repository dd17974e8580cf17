import { Anchor, Button, Group, Loader, Stack, Text } from "@mantine/core";
import { IconArrowDown } from "@tabler/icons-react";
import { memo, useLayoutEffect, useRef, useState } from "react";
import { exact } from "~/ui/time";
import { count } from "~/ui/words";
import classes from "./RunLog.module.css";
import type { RunLogLineFragment } from "./run.generated";
import { type LogFilter, type LogPage, mostLines, useRunLog } from "./useRunLog";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** RunLog shows the lines of a run's log as they come. It stays at the newest until somebody scrolls up. */
export function RunLog({
  runId,
  filter,
  active,
  base,
}: {
  runId: string;
  filter: LogFilter;
  active: boolean;
  base: LogPage | null;
}) {
  const log = useRunLog(runId, filter, active, base);
  const box = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const shown = useRef({ first: 0, height: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const first = log.lines[0]?.seq ?? 0;
    if (atEnd) element.scrollTop = element.scrollHeight;
    // Older lines came in above: what is being read stays where it is.
    else if (first < shown.current.first) element.scrollTop += element.scrollHeight - shown.current.height;
    shown.current = { first, height: element.scrollHeight };
  }, [log.lines, atEnd]);
  const narrowed = filter.object !== null || filter.search !== null;
  return (
    <Stack gap="xs">
      <Group justify="space-between" mih={30}>
        <Text size="sm" c="dimmed" role="status">
          {log.failed
            ? "The log could not be loaded. It is tried again with the next change."
            : `${count(log.lines.length, "line")} shown${active ? ", new ones come by themselves" : ""}`}
        </Text>
        {!atEnd && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconArrowDown size={14} aria-hidden />}
            onClick={() => setAtEnd(true)}
          >
            To the newest
          </Button>
        )}
      </Group>
      <section
        className={classes.lines}
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label="Lines of the log"
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          setAtEnd(scrollHeight - scrollTop - clientHeight < 24);
        }}
      >
        {log.hasOlder && (
          <Button size="compact-xs" variant="default" loading={log.loading} onClick={log.loadOlder} mb="xs">
            Older lines
          </Button>
        )}
        {log.full && (
          <div className={classes.faint}>
            The newest {mostLines.toLocaleString()} lines are shown. Download the log for those before.
          </div>
        )}
        {log.lines.length === 0 &&
          (log.loading ? (
            <Loader size="sm" aria-label="Loading" />
          ) : (
            <div className={classes.faint}>
              {narrowed || filter.level !== "DEBUG"
                ? "No line matches. Choose another level, object or text."
                : "There is no line. Lines are kept for 30 days."}
            </div>
          ))}
        {log.lines.map((line) => (
          <Line key={line.seq} line={line} />
        ))}
      </section>
    </Stack>
  );
}

const Line = memo(function Line({ line }: { line: RunLogLineFragment }) {
  const at = new Date(line.createdAt);
  const facts = factsOf(line.attributes);
  return (
    <div className={classes.line}>
      <time dateTime={line.createdAt} title={exact(at)} className={classes.faint}>
        {clock.format(at)}
      </time>
      <span className={classes[line.level] ?? classes.faint}>{line.level}</span>
      <span className={classes.text}>
        {line.objectName && <b>{line.objectName}: </b>}
        {line.message}
        {facts && <span className={classes.faint}> {facts}</span>}
        {line.problem && (
          <>
            {" "}
            <Anchor href={`/docs/errors#${line.problem.code}`} target="_blank" inherit underline="always">
              {line.problem.code}
            </Anchor>
          </>
        )}
      </span>
    </div>
  );
});

/** "records=20 calls=3": the facts of a line. */
function factsOf(attributes: unknown): string {
  if (attributes === null || typeof attributes !== "object") return "";
  return Object.entries(attributes)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}
