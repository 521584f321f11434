/** One message of a login as the learner sees it: nothing in it can be used to log in. */
export interface RecordedMessage {
  /** Epoch seconds. */
  readonly at: number;
  /** Who sent it; what goes by the browser was sent by one of the two. */
  readonly from: 'client' | 'provider';
  /** What it is, in words of the specification. */
  readonly title: string;
  /** The request line, or the status of the answer. */
  readonly line: string;
  readonly fields: readonly RecordedField[];
}

export interface RecordedField {
  readonly name: string;
  readonly value: string;
}
