import type { RecordedMessage } from '../session/recorded-message.js';

/** Every refusal that a person may read, by its stable id: status, title and one sentence. */
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
    'The answer was not accepted',
    'The provider sent an answer that does not pass the checks. Nobody was logged in.',
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
    'The answer was not accepted',
    'The answer does not belong to the login that was begun. Nobody was logged in.',
  ],
  'login.unknown': [
    400,
    'This login is over',
    'This login took too long, began in another browser, or is not one of ours.',
  ],
  'login.repeated': [
    400,
    'This login was used already',
    'The answer to this login came a second time. Nothing was done with it.',
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

/** How a person gets on from an error. */
export interface WayOn {
  /** Starts the login at this provider again. */
  readonly providerId?: string | undefined;
  readonly providerName?: string | undefined;
  readonly providerScheme?: string | undefined;
  /** The local address kept across the login. */
  readonly next?: string | undefined;
}

export interface PageErrorOptions {
  readonly cause?: unknown;
  /** What exactly, in a sentence or two. */
  readonly detail?: string | undefined;
  /** An error code from the provider, with its own words; shown as text. */
  readonly code?: string | undefined;
  readonly codeDescription?: string | undefined;
  readonly wayOn?: WayOn | undefined;
  readonly messages?: readonly RecordedMessage[] | undefined;
}

/** A refusal shown to a person as a page with its id, the request's id and a way on. */
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
