import { notifications } from "@mantine/notifications";
import { credentials } from "~/api/session";

const close = { closeButtonProps: { "aria-label": "Close" } };

interface ErrorAnswer {
  message?: string;
  hint?: string;
}

/**
 * download keeps a file of the server. It is fetched rather than linked to: a link would carry
 * neither a pasted token nor the workspace that one looks into. It tells what went wrong.
 */
export async function download(path: string, parameters: URLSearchParams): Promise<void> {
  try {
    const response = await fetch(`${path}?${parameters}`, { headers: credentials(), credentials: "same-origin" });
    if (!response.ok) {
      const answer = (await response.json().catch(() => ({}))) as ErrorAnswer;
      notifications.show({
        color: "red",
        title: "Not downloaded",
        message: [answer.message ?? "The server refused.", answer.hint].filter(Boolean).join(" "),
        ...close,
      });
      return;
    }
    save(
      await response.blob(),
      nameIn(response.headers.get("Content-Disposition")) ?? path.split("/").at(-1) ?? "file",
    );
  } catch {
    // The connection broke, also in the middle: half a file is none.
    notifications.show({
      color: "red",
      title: "Not downloaded",
      message: "The file did not come whole. Try again.",
      ...close,
    });
  }
}

/** The name that the server gives a file. */
export function nameIn(disposition: string | null): string | undefined {
  return /filename="([^"]+)"/.exec(disposition ?? "")?.[1];
}

function save(file: Blob, name: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  URL.revokeObjectURL(link.href);
}
