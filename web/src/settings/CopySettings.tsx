import { useCommand } from "~/api/command";
import { CopyDialog, type Source } from "./CopyDialog";
import { SettingsCopyDocument, type SettingsCopyMutation } from "./settings.generated";
import { type SettingsOf, settingsOf, valueWords } from "./tree";

const pickCopy = (data: SettingsCopyMutation) => data.copySettings;

/** CopySettings decides everything as another integration of the same CRM has it. */
export function CopySettings({
  integration,
  sources,
  onClose,
  onCopied,
}: {
  integration: SettingsOf;
  sources: Source[];
  onClose(): void;
  onCopied(): void;
}) {
  const dry = useCommand(SettingsCopyDocument, pickCopy);
  const copy = useCommand(SettingsCopyDocument, pickCopy);
  const settings = new Map(settingsOf(integration.settings).map((setting) => [setting.key, setting]));
  return (
    <CopyDialog
      title="Copy settings from another integration"
      description="What is decided there is decided alike here. What is undecided there stays as it is here."
      sources={sources}
      to={integration.id}
      dry={dry}
      copy={copy}
      done="The settings are copied."
      show={(effect) => {
        const setting = settings.get(effect.subject);
        return (
          <>
            {setting?.title ?? effect.subject}: {valueWords(effect.before, setting)} →{" "}
            <strong>{valueWords(effect.after, setting)}</strong>
          </>
        );
      }}
      onClose={onClose}
      onCopied={onCopied}
    />
  );
}
