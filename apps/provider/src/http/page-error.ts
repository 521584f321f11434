/** Every refusal that a person may read, by its stable id: one sentence and the status it is answered with. */
const sentences = {
  'page.not_found': [404, 'There is no page at this address.'],
  'page.forbidden': [403, 'Your account may not do this.'],
  'page.auditor': [403, 'An auditor sees this, and changes nothing.'],
  'page.method': [405, 'This address does not take that method.'],
  'form.too_large': [413, 'What was sent is larger than this form takes.'],
  'form.unsupported': [415, 'This address takes forms only.'],
  'form.invalid': [400, 'The form could not be read.'],
  'record.not_found': [404, 'What you are looking for does not exist, or no longer does.'],
  'link.spent': [410, 'This link was used already, or has expired.'],
  'request.expired': [
    400,
    'This login took too long, or began in another browser. Go back to the application and start again.',
  ],
  'request.refused': [400, 'The application sent a request that cannot be answered.'],
  'request.too_many': [429, 'Too many logins were begun here. Wait a minute, then start again from the application.'],
  'sign_up.off': [403, 'Accounts are made by an administrator here.'],
  'sign_up.invitation': [403, 'Accounts are made by invitation here: open the link that you were sent.'],
  'server.busy': [503, 'The server is busy. Try again in a moment.'],
  'server.error': [500, 'Something went wrong here. It was not your doing.'],
} as const satisfies Record<string, readonly [number, string]>;

export type PageErrorId = keyof typeof sentences;

/** A refusal shown to a person as a page with its id and the request's id. */
export class PageError extends Error {
  readonly status: number;
  readonly sentence: string;

  constructor(
    readonly id: PageErrorId,
    readonly options: { readonly cause?: unknown; readonly detail?: string; readonly retryAfterSeconds?: number } = {},
  ) {
    super(id, { cause: options.cause });
    this.name = 'PageError';
    [this.status, this.sentence] = sentences[id];
  }
}
