import { hasText, text, type Text } from '../../i18n/message.js';

/** What a rule requires, as a sentence for the person who configures the client, and the clause that defines it. */
export interface FailureRule {
  /** `failure.rule.*`: error responses use one description for several cases; for administrators they are distinguished. */
  readonly requirement: Text | undefined;
  readonly clause: string | undefined;
}

/** The clause by the stable id of the rule. */
const clauses: Readonly<Record<string, string>> = {
  'request.method': 'RFC 9110 15.5.6',
  'body.type': 'RFC 6749 B',
  'body.too_large': 'RFC 9110 15.5.14',
  'bearer.none': 'RFC 6750 3.1',
  'bearer.invalid': 'RFC 6750 3.1',
  'bearer.audience': 'RFC 9068 4',
  'bearer.no_person': 'OpenID Connect Core 5.3',
  'userinfo.scope': 'OpenID Connect Core 5.3',
  'introspection.public': 'RFC 7662 2.1',
  'revocation.other_client': 'RFC 7009 2.1',
  'registration.off': 'RFC 7591 3',
  'registration.initial_token': 'RFC 7591 3',
  'registration.wrong_token': 'RFC 7592 2',
  'registration.disabled': 'RFC 7592 2.1',
  'client.missing': 'RFC 6749 4.1.1',
  'client.unknown': 'RFC 6749 2.2',
  'client.disabled': 'RFC 6749 4.1.2.1',
  'redirect_uri.missing': 'OpenID Connect Core 3.1.2.1',
  'redirect_uri.none': 'RFC 6749 3.1.2.2',
  'redirect_uri.unregistered': 'RFC 9700 2.1, RFC 8252 7.3',
  'scope.unregistered': 'RFC 6749 3.3',
  'scope.widened': 'RFC 6749 6',
  'scope.malformed': 'RFC 6749 3.3',
  'response_type.unregistered': 'RFC 6749 4.1.2.1',
  'response_type.unsupported': 'RFC 6749 3.1.1',
  'response_type.not_openid': 'OpenID Connect Core 3.2.2.1',
  'nonce.missing': 'OpenID Connect Core 3.2.2.1',
  'pkce.required': 'RFC 7636 4.3, RFC 9700 2.1.1',
  'pkce.method': 'RFC 7636 4.2, RFC 9700 2.1.1',
  'pkce.missing': 'RFC 7636 4.5',
  'pkce.mismatch': 'RFC 7636 4.6',
  'pkce.no_challenge': 'RFC 9700 4.8.2',
  'par.required': 'RFC 9126 5',
  'request_uri.unknown': 'RFC 9126 4',
  'request_uri.used': 'RFC 9126 7.3',
  'request_uri.other_client': 'RFC 9126 2.2',
  'request_object.signature': 'RFC 9101 6.2',
  'request_object.kid': 'OpenID Connect Core 10.1',
  'client_assertion.kid': 'OpenID Connect Core 10.1',
  'request_object.aud': 'RFC 9101 4',
  'request_object.expired': 'RFC 9101 4',
  'id_token_hint.foreign': 'OpenID Connect Core 3.1.2.1',
  'resource.unknown': 'RFC 8707 2',
  'resource.limited': 'RFC 8707 2',
  'resource.mixed': 'RFC 8707 2.2',
  'resource.not_granted': 'RFC 8707 2.2',
  'resource.not_allowed': 'RFC 8707 2',
  'grant_type.missing': 'RFC 6749 4.1.3',
  'grant_type.unsupported': 'RFC 6749 5.2',
  'grant_type.unregistered': 'RFC 6749 5.2',
  'client_auth.missing': 'RFC 6749 3.2.1',
  'client_auth.malformed': 'RFC 6749 2.3.1',
  'client_auth.unknown': 'RFC 6749 2.3.1',
  'client_auth.wrong': 'RFC 6749 2.3.1',
  'client_auth.method': 'RFC 7591 2',
  'client_auth.changed': 'RFC 6749 2.3',
  'client_auth.several': 'RFC 6749 2.3',
  'client_auth.two_ids': 'RFC 6749 3.2.1',
  'code.unknown': 'RFC 6749 4.1.3',
  'code.expired': 'RFC 6749 4.1.2',
  'code.replayed': 'RFC 6749 4.1.2',
  'code.other_client': 'RFC 6749 4.1.3',
  'code.redirect_uri': 'RFC 6749 4.1.3',
  'code.dpop_jkt': 'RFC 9449 10',
  'grant.ended': 'RFC 6749 5.2',
  'grant.conflict': 'RFC 6749 5.2',
  'refresh.unknown': 'RFC 6749 6',
  'refresh.expired': 'RFC 6749 6',
  'refresh.other_client': 'RFC 6749 6',
  'refresh.replayed': 'RFC 9700 4.14.2',
  'refresh.dpop_jkt': 'RFC 9449 5',
  'client_credentials.public': 'RFC 6749 4.4',
  'client_credentials.scope': 'RFC 6749 4.4.2',
  'client_credentials.administration': 'RFC 6749 4.4',
  'exchange.not_allowed': 'RFC 8693 2.2.2',
  'exchange.subject_unknown': 'RFC 8693 2.2.2',
  'exchange.not_holder': 'RFC 8693 2.1',
  'exchange.scope': 'RFC 8693 2.1',
  'device.unregistered': 'RFC 8628 3.1',
  'device_code.unknown': 'RFC 8628 3.5',
  'device_code.expired': 'RFC 8628 3.5',
  'device_code.denied': 'RFC 8628 3.5',
  'dpop.front_channel': 'RFC 9449 5',
  'dpop.missing': 'RFC 9449 5',
  'dpop.replayed': 'RFC 9449 11.1',
  'dpop.too_many': 'RFC 9449 11.1',
  'dpop.profile_alg': 'FAPI 2.0 5.4.1',
  'security_profile.client': 'FAPI 2.0 5.3.2',
  'security_profile.changed': 'FAPI 2.0 5.3.2',
  'request_object.required': 'RFC 9101 10.5',
  'request_object.nbf_missing': 'FAPI 2.0 Message Signing 5.3.1',
  'request_object.exp_missing': 'FAPI 2.0 Message Signing 5.3.1',
  'request_object.aud_missing': 'FAPI 2.0 Message Signing 5.3.1',
  'request_object.too_old': 'FAPI 2.0 Message Signing 5.3.1',
  'request_object.lifetime': 'FAPI 2.0 Message Signing 5.3.1',
  'state.characters': 'RFC 6749 A.5',
  'client_document.host': 'Client ID Metadata Document 3',
  'client_document.unreadable': 'Client ID Metadata Document 3',
};

/** The clause by the first part of the id, for rules without a sentence. */
const families: Readonly<Record<string, string>> = {
  acr: 'RFC 9470 5',
  assertion: 'RFC 7523 3',
  bearer: 'RFC 6750 2',
  claims: 'OpenID Connect Core 5.5',
  client_assertion: 'RFC 7523 3',
  client_document: 'Client ID Metadata Document 3',
  device_code: 'RFC 8628 3.5',
  dpop: 'RFC 9449 4.3',
  dpop_jkt: 'RFC 9449 10',
  exchange: 'RFC 8693 2.2.2',
  introspection: 'RFC 7662 2.1',
  parameter: 'RFC 6749 3.1, 3.2',
  pkce: 'RFC 7636 4',
  prompt: 'OpenID Connect Core 3.1.2.1',
  registration: 'RFC 7591 2, 3.2.2',
  max_age: 'OpenID Connect Core 3.1.2.1',
  request_object: 'RFC 9101 6',
  request_uri: 'RFC 9101 5.2, RFC 9126 4',
  resource: 'RFC 8707 2',
  revocation: 'RFC 7009 2.1',
  security_profile: 'FAPI 2.0 5.3.2',
  response_mode: 'OAuth 2.0 Multiple Response Type Encoding Practices 2.1',
};

export function ruleOf(reason: string): FailureRule {
  const key = `failure.rule.${reason}`;
  return {
    requirement: hasText(key) ? text(key) : undefined,
    clause: clauses[reason] ?? families[reason.split('.')[0] ?? ''],
  };
}

/** What went wrong, in a few words; the description of the response where the rule has none. */
export function titleOf({
  reason,
  description,
}: {
  readonly reason: string;
  readonly description: string;
}): Text | string {
  const key = `failure.title.${reason}`;
  return hasText(key) ? text(key) : description;
}
