import { Page } from "~/ui/Page";

export function Component() {
  return <Page title="MembersPage">{null}</Page>;
}
