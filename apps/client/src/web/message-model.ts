import { text, type Text } from '../i18n/message.js';
import { messageKinds, type MessageKind, type RecordedMessage } from '../session/recorded-message.js';

/** A message as pages show it. */
interface ShownMessage {
  /** Its position, from 1. */
  readonly number: number;
  readonly title: Text;
  /** The request line, or the status of the response. */
  readonly line: string;
  readonly sender: 'client' | 'provider';
  /** The arrow between browser, client and provider: a class of the style sheet. */
  readonly lane: 'from-bp' | 'from-bc' | 'from-cp';
  readonly isResponse: boolean;
  readonly fields: readonly { readonly name: string; readonly value: string; readonly hidden: Text | undefined }[];
}

/** Redirects go through the browser; all else between the client and the provider. */
function laneOf(kind: MessageKind, from: RecordedMessage['from']): ShownMessage['lane'] {
  if (kind !== 'authorization') return 'from-cp';
  return from === 'client' ? 'from-bp' : 'from-bc';
}

/** What was hidden of a secret: its length. */
export function hiddenText(characters: number): Text {
  return text('token.hidden', { count: characters });
}

export function messagesModel(messages: readonly RecordedMessage[]): readonly ShownMessage[] {
  return messages.map(({ kind: recorded, from, line, fields }, index) => {
    // Sessions of earlier versions have messages without a kind.
    const kind = messageKinds.find((each) => each === recorded) ?? 'other';
    return {
      number: index + 1,
      title: text(`message.${kind}.${from}`),
      line,
      sender: from,
      lane: laneOf(kind, from),
      isResponse: kind !== 'authorization' && from === 'provider',
      fields: fields.map(({ name, value, hiddenCharacters }) => ({
        name,
        value,
        hidden: hiddenCharacters === undefined ? undefined : hiddenText(hiddenCharacters),
      })),
    };
  });
}
