import { Page } from "~/ui/Page";

export function Component() {
  return <Page title="DigestPage">{null}</Page>;
}
