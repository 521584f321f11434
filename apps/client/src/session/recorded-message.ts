/** What a request and its response are about. */
export const messageKinds = [
  'authorization',
  'discovery',
  'keys',
  'code',
  'refresh',
  'form',
  'userinfo',
  'api',
  'other',
] as const;

export type MessageKind = (typeof messageKinds)[number];

/** A recorded message of a login; contains nothing that can be used to log in. */
export interface RecordedMessage {
  /** Epoch seconds. */
  readonly at: number;
  /** The sender; redirects through the browser count as sent by the client or the provider. */
  readonly from: 'client' | 'provider';
  readonly kind: MessageKind;
  /** The request line, or the status of the response. */
  readonly line: string;
  readonly fields: readonly RecordedField[];
}

export interface RecordedField {
  readonly name: string;
  /** Of a secret only what is public, such as the scheme of an Authorization header. */
  readonly value: string;
  /** The length of what was hidden. */
  readonly hiddenCharacters?: number | undefined;
}
