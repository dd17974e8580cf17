import { Page } from "~/ui/Page";

export function Component() {
  return <Page title="AuditPage">{null}</Page>;
}
