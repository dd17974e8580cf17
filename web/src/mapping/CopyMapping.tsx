import { Code } from "@mantine/core";
import { useCommand } from "~/api/command";
import { CopyDialog, type Source } from "~/settings/CopyDialog";
import { MappingCopyDocument, type MappingCopyMutation } from "./mapping.generated";
import type { IntegrationOf } from "./standard";

const pickCopy = (data: MappingCopyMutation) => data.copyMapping;

/** CopyMapping maps everything as another integration of the same CRM has it. */
export function CopyMapping({
  integration,
  sources,
  onClose,
  onCopied,
}: {
  integration: IntegrationOf;
  sources: Source[];
  onClose(): void;
  onCopied(): void;
}) {
  const dry = useCommand(MappingCopyDocument, pickCopy);
  const copy = useCommand(MappingCopyDocument, pickCopy);
  const labels = new Map(integration.standardFields.map((field) => [field.key, field.label]));
  return (
    <CopyDialog
      title="Copy mappings from another integration"
      description="What is mapped there is mapped alike here. What is not mapped there stays as it is here."
      sources={sources}
      to={integration.id}
      dry={dry}
      copy={copy}
      done="The mappings are copied."
      show={(effect) =>
        effect.before === effect.after ? (
          effect.description
        ) : (
          <>
            {labels.get(effect.subject) ?? effect.subject}:{" "}
            {effect.before ? <Code>{String(effect.before)}</Code> : "not mapped"} →{" "}
            {effect.after ? <Code>{String(effect.after)}</Code> : "not mapped"}
          </>
        )
      }
      onClose={onClose}
      onCopied={onCopied}
    />
  );
}
