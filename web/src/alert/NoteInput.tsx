import { Textarea } from "@mantine/core";
import { useDraft } from "~/ui/useDraft";

export interface Note {
  text: string;
  setText(text: string): void;
  /** What to send: null leaves the note as it is. */
  changed: string | null;
  forget(): void;
}

/** useNote is what somebody writes about an alert; it begins with what was said before. */
export function useNote(alertId: string, before: string): Note {
  const [text, setText, forget] = useDraft(`alert-note-${alertId}`, before);
  return { text, setText, forget, changed: text === before ? null : text };
}

export function NoteInput({ note, label = "Note" }: { note: Note; label?: string }) {
  return (
    <Textarea
      label={label}
      description="What others should know, up to 500 characters."
      maxLength={500}
      rows={2}
      resize="vertical"
      value={note.text}
      onChange={(event) => note.setText(event.currentTarget.value)}
    />
  );
}
