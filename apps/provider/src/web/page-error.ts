import { hasText, text, type Message, type TextKey } from '../i18n/message.js';

/** Every error that a page can show, by its stable id, with its status code. */
const statuses = {
  'page.not_found': 404,
  'page.forbidden': 403,
  'page.auditor': 403,
  'page.method': 405,
  'form.too_large': 413,
  'form.unsupported': 415,
  'form.invalid': 400,
  'record.not_found': 404,
  'link.spent': 410,
  'link.cookie': 400,
  'request.expired': 400,
  'request.refused': 400,
  'request.too_many': 429,
  'passwords.too_many': 429,
  'sign_up.off': 403,
  'sign_up.invitation': 403,
  'server.busy': 503,
  'server.error': 500,
} as const satisfies Record<string, number>;

export type PageErrorId = keyof typeof statuses;

/** The application whose request failed, as the page names it. */
export interface FailedClient {
  readonly name: string;
  /** It chose its own name, and nobody has approved it. */
  readonly unapproved: boolean;
  readonly logo: string | undefined;
  /** A page of the application; undefined if none is known, or if nobody has approved it. */
  readonly href: string | undefined;
}

/** An error that is shown as a page with its id and the request id. */
export class PageError extends Error {
  readonly status: number;
  readonly sentence: Message;
  /** What to do, or who is not to blame. */
  readonly advice: Message | undefined;

  constructor(
    readonly id: PageErrorId,
    readonly options: {
      readonly cause?: unknown;
      /** Of the protocol for a developer, in English; or a text for the user, which replaces the advice. */
      readonly detail?: Message;
      readonly client?: FailedClient | undefined;
      /** Where the user can see why the request failed; undefined if they may not. */
      readonly failedRequestHref?: string | undefined;
      readonly retryAfterSeconds?: number;
    } = {},
  ) {
    super(id, { cause: options.cause });
    this.name = 'PageError';
    this.status = statuses[id];
    const key: TextKey = `error.${id}`;
    this.sentence = text(key);
    const advice = `${key}.advice`;
    this.advice = hasText(advice) ? text(advice) : undefined;
  }
}
