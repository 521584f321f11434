import { OutboundRefused } from '@gatehouse/platform/outbound/outbound-refused';
import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import type { MessageRecorder } from '../flow/message-recorder.js';
import { UnusableMetadata } from './provider-metadata.js';

/** A failure between this client and a provider that the user may be able to act on. */
export type ProviderFailure =
  /** An authorization error response (RFC 6749 4.1.2.1). */
  | { readonly kind: 'answered'; readonly error: string; readonly description?: string | undefined }
  /** An error of the token endpoint (RFC 6749 5.2). */
  | { readonly kind: 'token'; readonly error: string; readonly description?: string | undefined }
  /** Unreachable, too slow, or 5xx. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** A response that fails validation: signature, nonce, issuer, structure. */
  | { readonly kind: 'invalid'; readonly detail: string }
  /** The authorization response does not match: `iss`, `state`. Nothing was sent to the provider. */
  | { readonly kind: 'response'; readonly detail: string };

/** Classifies an error of openid-client; undefined for a bug. */
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
  if (error.code === 'OAUTH_RESPONSE_IS_NOT_CONFORM') return nonconformingResponse(error);
  const detail = invalidDetail(error);
  return recorder.sent === 0 ? { kind: 'response', detail } : { kind: 'invalid', detail };
}

/** openid-client declares it as a string, but only checks `error`. */
function textOrUndefined(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function nonconformingResponse(error: ClientError): ProviderFailure {
  const status = error.cause instanceof Response ? error.cause.status : undefined;
  if (status !== undefined && status < 500) return { kind: 'invalid', detail: `It answered ${status}.` };
  return {
    kind: 'unreachable',
    detail: status === undefined ? 'Its response was not understood.' : `It answered ${status}.`,
  };
}

function unreachableDetail(error: unknown): string {
  const rejection = causesOf(error).find((cause) => cause instanceof OutboundRefused);
  switch (rejection?.reason) {
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
      return 'Its response was too large.';
    default:
      return 'The connection failed.';
  }
}

function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  for (let cause = error; cause instanceof Error && causes.length < 8; cause = cause.cause) causes.push(cause);
  return causes;
}

/** openid-client's messages: constant text about the failed check, without input. */
function invalidDetail(error: ClientError): string {
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  const text = cause ?? error.message;
  return `The check that failed: ${text.slice(0, 200)}.`;
}
