import { Text, TextInput } from "@mantine/core";
import { exact } from "~/ui/time";

const hour = 3_600_000;
const day = 24 * hour;
/** How far ahead the API lets an alert be put off. */
const longest = 30 * day;

/** The choices that need no calendar. */
export function snoozes(now = new Date()): [string, Date][] {
  const morning = new Date(now);
  morning.setDate(morning.getDate() + 1);
  morning.setHours(8, 0, 0, 0);
  const week = new Date(now);
  week.setDate(week.getDate() + 7);
  return [
    ["For an hour", new Date(now.getTime() + hour)],
    ["Until tomorrow, 8:00", morning],
    ["For a week", week],
  ];
}

/** The value of an input of local date and time. */
function local(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** SnoozeUntil asks for a time within the next 30 days, in the viewer's zone. */
export function SnoozeUntil({
  until,
  missing,
  onChange,
}: {
  until: Date | null;
  /** Somebody tried to go on without a time. */
  missing: boolean;
  onChange(until: Date | null): void;
}) {
  const now = new Date();
  const latest = new Date(now.getTime() + longest);
  const wrong = until !== null && (until <= now || until > latest);
  return (
    <>
      <TextInput
        type="datetime-local"
        label="Until"
        description="Your local time, at most 30 days from now."
        required
        min={local(now)}
        max={local(latest)}
        value={until ? local(until) : ""}
        error={wrong || (missing && !until) ? "Choose a time within the next 30 days." : undefined}
        onChange={(event) => {
          const chosen = new Date(event.currentTarget.value);
          onChange(Number.isNaN(chosen.getTime()) ? null : chosen);
        }}
      />
      {until && !wrong && (
        <Text size="sm" c="dimmed">
          Until {exact(until)}
        </Text>
      )}
    </>
  );
}
