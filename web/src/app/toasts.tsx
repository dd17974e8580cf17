import { Anchor } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useEffect } from "react";
import { useNavigate } from "react-router";
import { follow } from "~/api/follow";
import { useApi } from "~/api/live";
import { words } from "~/ui/words";
import { AlertToastsDocument, type AlertToastsSubscription } from "./toasts.generated";

const colors = { CRITICAL: "red", WARNING: "orange", INFO: "blue" } as const;

/** useAlertToasts tells of alerts the moment they open or end, wherever one is. */
export function useAlertToasts() {
  const { socket } = useApi();
  const navigate = useNavigate();
  useEffect(
    () =>
      follow(socket, AlertToastsDocument, {}, (data: AlertToastsSubscription) => data.alertEvents, {
        onEvent({ event, alert, snapshot }) {
          // A folded alert is told by the one of its object.
          if (snapshot || !alert || !event || alert.folded) return;
          const resolved = event === "RESOLVED";
          const path = `/alerts/${alert.id}`;
          notifications.show({
            id: alert.id,
            title: resolved
              ? `Resolved: ${words(alert.resolution ?? "RESTORED").toLowerCase()}`
              : words(alert.severity),
            message: (
              <Anchor
                href={path}
                size="sm"
                onClick={(click) => {
                  click.preventDefault();
                  notifications.hide(alert.id);
                  navigate(path);
                }}
              >
                {alert.title}
              </Anchor>
            ),
            color: resolved ? "green" : colors[alert.severity],
            autoClose: resolved ? 6_000 : 12_000,
            closeButtonProps: { "aria-label": "Close" },
          });
        },
        onGap: () => {},
      }),
    [socket, navigate],
  );
}
