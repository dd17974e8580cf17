import { SegmentedControl, Stack, Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import classes from "./MailView.module.css";
import type { NotifyMailFragment } from "./notify.generated";

/** MailView shows a mail as its reader would see it: its HTML part, or the text part. */
export function MailView({ mail }: { mail: NotifyMailFragment }) {
  const [part, setPart] = useState("html");
  return (
    <Stack gap="sm">
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        <Text span inherit c="dimmed">
          Subject:
        </Text>{" "}
        {mail.subject}
      </Text>
      <div>
        <SegmentedControl
          size="xs"
          aria-label="Which part of the mail"
          value={part}
          onChange={setPart}
          data={[
            { value: "html", label: "As designed" },
            { value: "text", label: "As text" },
          ]}
        />
      </div>
      {part === "html" ? (
        <MailFrame html={mail.html} title={`Mail: ${mail.subject}`} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
        <section className={classes.text} tabIndex={0} aria-label="The mail as text">
          <pre>{mail.text}</pre>
        </section>
      )}
    </Stack>
  );
}

/**
 * MailFrame shows the HTML part in a frame of its own. The frame is a page of this server
 * whose policy lets style attributes and nothing else, and its sandbox runs no script; a
 * srcdoc would inherit this page's policy, which refuses them. Its links open elsewhere.
 */
function MailFrame({ html, title }: { html: string; title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [loaded, setLoaded] = useState(false);
  useEffect(() => {
    const inside = frame.current?.contentDocument?.documentElement;
    if (!loaded || !inside) return;
    inside.innerHTML = html;
    for (const link of inside.querySelectorAll("a")) {
      link.target = "_blank";
      link.rel = "noreferrer";
    }
    const resize = () => {
      const body = frame.current?.contentDocument?.body;
      if (frame.current && body) frame.current.style.height = `${body.scrollHeight}px`;
    };
    resize();
    window.addEventListener("resize", resize);
    return () => window.removeEventListener("resize", resize);
  }, [html, loaded]);
  return (
    <iframe
      ref={frame}
      className={classes.frame}
      src="/mail.html"
      sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
      title={title}
      onLoad={() => setLoaded(true)}
    />
  );
}
