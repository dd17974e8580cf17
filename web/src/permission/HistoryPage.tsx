import { Page } from "~/ui/Page";

export function Component() {
  return <Page title="HistoryPage">{null}</Page>;
}
