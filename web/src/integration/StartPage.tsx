import { Page } from "~/ui/Page";

export function Component() {
  return <Page title="StartPage">{null}</Page>;
}
