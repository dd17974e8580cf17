import { Button, Group } from "@mantine/core";
import { Link, useSearchParams } from "react-router";

/** Pages leads to older items; the place in the list is in the address. */
export function Pages({ next }: { next: string | null }) {
  const [params] = useSearchParams();
  const at = (after: string | null) => {
    const other = new URLSearchParams(params);
    if (after) other.set("after", after);
    else other.delete("after");
    return `?${other}`;
  };
  if (!next && !params.has("after")) return null;
  return (
    <Group component="nav" aria-label="Pages" justify="center">
      {params.has("after") && (
        <Button component={Link} to={at(null)} variant="default">
          Back to the newest
        </Button>
      )}
      {next && (
        <Button component={Link} to={at(next)} variant="default">
          Older ones
        </Button>
      )}
    </Group>
  );
}
