import { text, type Text } from '../i18n/message.js';
import type { RecordedMessage } from '../session/recorded-message.js';

/** All errors that users may see, by stable id, with their status. */
const statuses = {
  'page.not_found': 404,
  'page.method': 405,
  'request.invalid': 400,
  'form.too_large': 413,
  'form.unsupported': 415,
  'provider.not_found': 404,
  'provider.limit': 409,
  'provider.unreachable': 502,
  'provider.invalid_answer': 502,
  'provider.refused_client': 502,
  'provider.refused_code': 400,
  'login.refused': 400,
  'login.response_invalid': 400,
  'login.unknown': 400,
  'login.repeated': 400,
  'login.ended': 409,
  'server.busy': 503,
  'server.error': 500,
} as const satisfies Record<string, number>;

export type PageErrorId = keyof typeof statuses;

/** How the user can continue after an error. */
export interface RecoveryLink {
  /** Starts a new login at this provider. */
  readonly providerId?: string | undefined;
  readonly providerName?: string | undefined;
  readonly providerScheme?: string | undefined;
  /** The local URL to show after the login. */
  readonly next?: string | undefined;
}

export interface PageErrorOptions {
  readonly cause?: unknown;
  /** Details, in a sentence or two. */
  readonly detail?: Text | undefined;
  /** An error code and description of the provider; shown as text. */
  readonly code?: string | undefined;
  readonly codeDescription?: string | undefined;
  readonly wayOn?: RecoveryLink | undefined;
  readonly messages?: readonly RecordedMessage[] | undefined;
}

/** An error that is shown as a page with its id, the request's id and a way to continue. */
export class PageError extends Error {
  readonly status: number;
  readonly title: Text;
  readonly sentence: Text;

  constructor(
    readonly id: PageErrorId,
    readonly options: PageErrorOptions = {},
  ) {
    super(id, { cause: options.cause });
    this.name = 'PageError';
    this.status = statuses[id];
    this.title = text(`error.${id}.title`);
    this.sentence = text(`error.${id}`);
  }
}
