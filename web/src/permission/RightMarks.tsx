import { IconCheck, IconX } from "@tabler/icons-react";
import type { Right } from "~/api/schema.generated";
import type { PermissionRightsFragment } from "./permission.generated";
import classes from "./RightMarks.module.css";
import { rights, rightWords } from "./words";

export function has(given: PermissionRightsFragment, right: Right): boolean {
  return right === "READ" ? given.read : right === "CREATE" ? given.create : given.update;
}

/** Whether a right is there, as a sign and for those who listen in a word. */
export function Mark({ given, label }: { given: boolean; label: string }) {
  const Sign = given ? IconCheck : IconX;
  return (
    <span role="img" aria-label={label} title={label} style={{ display: "inline-flex", verticalAlign: "middle" }}>
      <Sign
        size={16}
        stroke={2.2}
        aria-hidden
        color={given ? "var(--mantine-color-green-light-color)" : "var(--mantine-color-red-light-color)"}
      />
    </span>
  );
}

const signs = { there: "may", missing: "may not, but must", absent: "may not" } as const;

/** RightMarks shows what the integration user may do. Missing are rights that something in use needs. */
export function RightMarks({ given, missing = [] }: { given: PermissionRightsFragment; missing?: readonly Right[] }) {
  return (
    <span className={classes.marks}>
      {rights.map((right) => {
        const state = has(given, right) ? "there" : missing.includes(right) ? "missing" : "absent";
        const Sign = state === "there" ? IconCheck : IconX;
        return (
          <span
            key={right}
            className={classes.mark}
            data-state={state}
            title={state === "missing" ? `${rightWords[right]}: missing, and something in use needs it` : undefined}
          >
            <Sign size={14} stroke={2.2} role="img" aria-label={signs[state]} />
            {rightWords[right].toLowerCase()}
          </span>
        );
      })}
    </span>
  );
}
