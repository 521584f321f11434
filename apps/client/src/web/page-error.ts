import type { RecordedMessage } from '../session/recorded-message.js';

/** All errors that users may see by stable id: status, title and message. */
const sentences = {
  'page.not_found': [404, 'Not found', 'There is no page at this address.'],
  'page.method': [405, 'Not possible', 'This address does not take that method.'],
  'request.invalid': [400, 'Not understood', 'What was sent could not be read.'],
  'form.too_large': [413, 'Too large', 'What was sent is larger than this form takes.'],
  'form.unsupported': [415, 'Not possible', 'This address takes forms only.'],
  'provider.not_found': [404, 'No such provider', 'This provider is not, or no longer, among those known here.'],
  'provider.none': [503, 'No provider', 'No provider is set up yet. Add one on the providers page.'],
  'provider.limit': [409, 'Too many providers', 'No more providers can be kept here. Delete one first.'],
  'provider.unreachable': [
    502,
    'The provider does not answer',
    'The provider could not be reached, or did not answer in time.',
  ],
  'provider.invalid_answer': [
    502,
    'The response was not accepted',
    'The provider sent an invalid response. You were not logged in.',
  ],
  'provider.refused_client': [
    502,
    'The provider refused this application',
    'The provider did not accept the client id or secret that are kept here.',
  ],
  'provider.refused_code': [
    400,
    'The login was not completed',
    'The provider did not accept the authorization code: it may have expired or been used.',
  ],
  'login.refused': [400, 'The login was not completed', 'The provider answered with an error.'],
  'login.response_invalid': [
    400,
    'The response was not accepted',
    'The response does not belong to the login that was started. You were not logged in.',
  ],
  'login.unknown': [
    400,
    'This login is over',
    'This login took too long, was started in another browser, or is unknown.',
  ],
  'login.repeated': [
    400,
    'This login was used already',
    'The response to this login was received a second time and ignored.',
  ],
  'login.ended': [
    409,
    'This login has ended',
    'The login ended here while its tokens were being refreshed. The new tokens were not kept: log in again.',
  ],
  'server.busy': [503, 'Busy', 'The application is busy. Try again in a moment.'],
  'server.error': [500, 'Something went wrong', 'Something went wrong here. It was not your doing.'],
} as const satisfies Record<string, readonly [number, string, string]>;

export type PageErrorId = keyof typeof sentences;

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
  readonly detail?: string | undefined;
  /** An error code and description of the provider; shown as text. */
  readonly code?: string | undefined;
  readonly codeDescription?: string | undefined;
  readonly wayOn?: RecoveryLink | undefined;
  readonly messages?: readonly RecordedMessage[] | undefined;
}

/** An error that is shown as a page with its id, the request's id and a way to continue. */
export class PageError extends Error {
  readonly status: number;
  readonly title: string;
  readonly sentence: string;

  constructor(
    readonly id: PageErrorId,
    readonly options: PageErrorOptions = {},
  ) {
    super(id, { cause: options.cause });
    this.name = 'PageError';
    [this.status, this.title, this.sentence] = sentences[id];
  }
}
