import { Alert } from "@mantine/core";
import { IconMailOff } from "@tabler/icons-react";

/** NoMail says that nobody can be mailed, and who can change that. */
export function NoMail({ configured }: { configured: boolean }) {
  if (configured) return null;
  return (
    <Alert
      color="orange"
      variant="light"
      icon={<IconMailOff aria-hidden />}
      title="No mail is sent: this server has no mail server"
    >
      Whoever operates Fieldwarden sets one in its configuration (mail.server). Until then alerts reach people through
      the inbox and the channels only; what you set here is kept and holds from then on.
    </Alert>
  );
}
