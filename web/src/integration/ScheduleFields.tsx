import { Group, Select, TextInput } from "@mantine/core";

export interface Schedule {
  time: string;
  zone: string;
}

const zones: string[] = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

/** ScheduleFields asks when the daily run starts. */
export function ScheduleFields({
  value,
  onChange,
  errorOf,
}: {
  value: Schedule;
  onChange(value: Schedule): void;
  errorOf?(field: "time" | "zone"): string | undefined;
}) {
  // A zone that this browser does not know can stay what it is.
  const known = zones.includes(value.zone) ? zones : [value.zone, ...zones];
  return (
    <Group align="flex-start">
      <TextInput
        type="time"
        label="Time of day"
        description="Local time"
        required
        value={value.time}
        error={errorOf?.("time")}
        onChange={(event) => onChange({ ...value, time: event.currentTarget.value })}
      />
      <Select
        label="Time zone"
        description="The day's time is of this zone"
        required
        searchable
        limit={50}
        allowDeselect={false}
        data={known}
        value={value.zone}
        error={errorOf?.("zone")}
        onChange={(zone) => zone && onChange({ ...value, zone })}
        nothingFoundMessage="No such time zone"
        w={260}
        maw="100%"
      />
    </Group>
  );
}
