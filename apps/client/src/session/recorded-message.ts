/** A recorded message of a login; contains nothing that can be used to log in. */
export interface RecordedMessage {
  /** Epoch seconds. */
  readonly at: number;
  /** The sender; redirects through the browser count as sent by the client or the provider. */
  readonly from: 'client' | 'provider';
  /** Its name in the specification. */
  readonly title: string;
  /** The request line, or the status of the response. */
  readonly line: string;
  readonly fields: readonly RecordedField[];
}

export interface RecordedField {
  readonly name: string;
  readonly value: string;
}
