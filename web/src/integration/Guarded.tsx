import { Button, type ButtonProps, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import type { Scope } from "~/api/schema.generated";
import { useMay } from "~/app/viewer";

/** What a viewer reads who may not do something of this page. */
export const whoMay = "Owners and admins of the workspace can do this.";

/**
 * Guarded is a button for those who have the scope. For others it stays in its place, can be
 * reached, and says who can use it.
 */
export function Guarded({
  scope,
  type = "button",
  onClick,
  children,
  ...rest
}: ButtonProps & {
  scope: Scope;
  type?: "button" | "submit";
  "aria-label"?: string;
  onClick?: () => void;
  children: ReactNode;
}) {
  const may = useMay(scope);
  if (may) {
    return (
      <Button {...rest} type={type} {...(onClick ? { onClick } : {})}>
        {children}
      </Button>
    );
  }
  return (
    <Tooltip label={whoMay} events={{ hover: true, focus: true, touch: true }}>
      <Button {...rest} type={type} data-disabled aria-disabled onClick={(click) => click.preventDefault()}>
        {children}
      </Button>
    </Tooltip>
  );
}
