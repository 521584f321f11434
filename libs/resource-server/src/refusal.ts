/** Why a request is rejected: RFC 6750 3.1, RFC 9449 7.1; `unavailable`: the authorization server cannot be reached. */
export type RefusalCode =
  'invalid_request' | 'invalid_token' | 'invalid_dpop_proof' | 'insufficient_scope' | 'missing' | 'unavailable';

const statuses: Readonly<Record<RefusalCode, number>> = {
  invalid_request: 400,
  invalid_token: 401,
  invalid_dpop_proof: 401,
  insufficient_scope: 403,
  missing: 401,
  unavailable: 503,
};

/** A rejected request. The message is constant ASCII text and contains no input. */
export class Refusal extends Error {
  readonly status: number;

  constructor(
    readonly code: RefusalCode,
    message: string,
    /** The required scopes for insufficient_scope. */
    readonly scope: readonly string[] = [],
    options: ErrorOptions = {},
  ) {
    super(message, options);
    this.name = 'Refusal';
    this.status = statuses[code];
  }
}
