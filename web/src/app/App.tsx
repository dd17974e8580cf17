import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import type { ReactNode } from "react";
import { Provider } from "urql";
import type { Api } from "~/api/client";
import { LiveProvider } from "~/api/live";
import { theme, variables } from "~/ui/theme";
import { colorSchemes, styleNonce } from "./style";

/** App is everything that screens stand on: looks, data, live events. */
export function App({ api, children }: { api: Api; children: ReactNode }) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      colorSchemeManager={colorSchemes}
      getStyleNonce={() => styleNonce}
    >
      <Notifications position="bottom-right" containerWidth={380} />
      <Provider value={api.client}>
        <LiveProvider api={api}>{children}</LiveProvider>
      </Provider>
    </MantineProvider>
  );
}
