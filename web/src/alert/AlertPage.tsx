import { Page } from "~/ui/Page";

export function Component() {
  return <Page title="AlertPage">{null}</Page>;
}
