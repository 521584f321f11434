import { OutboundRefused } from '@gatehouse/platform/outbound/outbound-refused';
import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import type { MessageRecorder } from '../flow/message-recorder.js';
import { UnusableMetadata } from './provider-metadata.js';

/** What went wrong between this client and a provider, as far as a person can do something about it. */
export type ProviderFailure =
  /** The provider said so in the answer to the browser (RFC 6749 4.1.2.1). */
  | { readonly kind: 'answered'; readonly error: string; readonly description?: string | undefined }
  /** The token endpoint said so (RFC 6749 5.2). */
  | { readonly kind: 'token'; readonly error: string; readonly description?: string | undefined }
  /** Not reached, too slow, or 5xx. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** An answer that fails a check: signature, nonce, issuer, shape. */
  | { readonly kind: 'invalid'; readonly detail: string }
  /** The answer that the browser brought does not fit: `iss`, `state`. Nothing was sent to the provider. */
  | { readonly kind: 'response'; readonly detail: string };

/** Sorts what openid-client throws; undefined for a bug of ours. */
export function providerFailure(error: unknown, recorder: MessageRecorder): ProviderFailure | undefined {
  if (error instanceof AuthorizationResponseError)
    return { kind: 'answered', error: error.error, description: error.error_description };
  if (error instanceof ResponseBodyError)
    return error.status >= 500
      ? { kind: 'unreachable', detail: `It answered ${error.status}.` }
      : { kind: 'token', error: error.error, description: textOrUndefined(error.error_description) };
  if (error instanceof WWWAuthenticateChallengeError)
    return { kind: 'token', error: error.status === 401 ? 'invalid_client' : 'invalid_request' };
  if (error instanceof UnusableMetadata) return { kind: 'invalid', detail: `The check that failed: ${error.message}.` };
  if (recorder.failed) return { kind: 'unreachable', detail: unreachableDetail(error) };
  if (!(error instanceof ClientError)) return undefined;
  if (error.code === 'OAUTH_RESPONSE_IS_NOT_CONFORM') return notConform(error);
  const detail = invalidDetail(error);
  return recorder.sent === 0 ? { kind: 'response', detail } : { kind: 'invalid', detail };
}

/** openid-client declares it as text, and checks only that `error` is. */
function textOrUndefined(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function notConform(error: ClientError): ProviderFailure {
  const status = error.cause instanceof Response ? error.cause.status : undefined;
  if (status !== undefined && status < 500) return { kind: 'invalid', detail: `It answered ${status}.` };
  return {
    kind: 'unreachable',
    detail: status === undefined ? 'Its answer was not understood.' : `It answered ${status}.`,
  };
}

function unreachableDetail(error: unknown): string {
  const refused = causesOf(error).find((cause) => cause instanceof OutboundRefused);
  switch (refused?.reason) {
    case 'timeout':
    case 'aborted':
      return 'It did not answer in time.';
    case 'name':
      return 'There is no host of that name.';
    case 'address':
    case 'scheme':
    case 'credentials':
      return 'This application may not connect to that address.';
    case 'too_large':
      return 'Its answer was too large.';
    default:
      return 'The connection failed.';
  }
}

function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  for (let cause = error; cause instanceof Error && causes.length < 8; cause = cause.cause) causes.push(cause);
  return causes;
}

/** openid-client's own words: fixed sentences that say which check failed, never what was sent. */
function invalidDetail(error: ClientError): string {
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  const text = cause ?? error.message;
  return `The check that failed: ${text.slice(0, 200)}.`;
}
