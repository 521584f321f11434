import { OutboundRefused } from '@gatehouse/platform/outbound/outbound-refused';
import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { text, type Text } from '../i18n/message.js';
import type { MessageRecorder } from '../flow/message-recorder.js';
import { UnusableMetadata } from './provider-metadata.js';

/** A failure between this client and a provider that the user may be able to act on. */
export type ProviderFailure =
  /** An authorization error response (RFC 6749 4.1.2.1). */
  | { readonly kind: 'answered'; readonly error: string; readonly description?: string | undefined }
  /** An error of the token endpoint (RFC 6749 5.2). */
  | { readonly kind: 'token'; readonly error: string; readonly description?: string | undefined }
  /** Unreachable, too slow, or 5xx. */
  | { readonly kind: 'unreachable'; readonly detail: Text }
  /** A response that fails validation: signature, nonce, issuer, structure. */
  | { readonly kind: 'invalid'; readonly detail: Text }
  /** The authorization response does not match: `iss`, `state`. Nothing was sent to the provider. */
  | { readonly kind: 'response'; readonly detail: Text };

/** Classifies an error of openid-client; undefined for a bug. */
export function providerFailure(error: unknown, recorder: MessageRecorder): ProviderFailure | undefined {
  if (error instanceof AuthorizationResponseError)
    return { kind: 'answered', error: error.error, description: error.error_description };
  if (error instanceof ResponseBodyError)
    return error.status >= 500
      ? { kind: 'unreachable', detail: text('failure.status', { status: error.status }) }
      : { kind: 'token', error: error.error, description: textOrUndefined(error.error_description) };
  if (error instanceof WWWAuthenticateChallengeError)
    return { kind: 'token', error: error.status === 401 ? 'invalid_client' : 'invalid_request' };
  if (error instanceof UnusableMetadata)
    return { kind: 'invalid', detail: text('failure.check', { check: error.message }) };
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
  if (status !== undefined && status < 500) return { kind: 'invalid', detail: text('failure.status', { status }) };
  return {
    kind: 'unreachable',
    detail: status === undefined ? text('failure.malformed') : text('failure.status', { status }),
  };
}

function unreachableDetail(error: unknown): Text {
  const rejection = causesOf(error).find((cause) => cause instanceof OutboundRefused);
  switch (rejection?.reason) {
    case 'timeout':
    case 'aborted':
      return text('failure.timeout');
    case 'name':
      return text('failure.name');
    case 'address':
    case 'scheme':
    case 'credentials':
      return text('failure.address');
    case 'too_large':
      return text('failure.tooLarge');
    default:
      return text('failure.connection');
  }
}

function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  for (let cause = error; cause instanceof Error && causes.length < 8; cause = cause.cause) causes.push(cause);
  return causes;
}

/** openid-client's messages: constant text about the failed check, without input. */
function invalidDetail(error: ClientError): Text {
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  return text('failure.check', { check: (cause ?? error.message).slice(0, 200) });
}
