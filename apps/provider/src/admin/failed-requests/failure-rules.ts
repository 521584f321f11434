/** What a rule requires, as a sentence for the person who configures the client, and the clause that defines it. */
export interface FailureRule {
  readonly requirement: string;
  readonly clause: string;
}

/**
 * By the stable id of the rule. Error responses use one description for several cases; here, for administrators, they
 * are distinguished.
 */
const rules: Readonly<Record<string, readonly [wants: string, clause: string]>> = {
  'request.method': ['The endpoint accepts the method of the request.', 'RFC 9110 15.5.6'],
  'body.type': ['The body is application/x-www-form-urlencoded.', 'RFC 6749 B'],
  'body.too_large': ['A form has at most 64 kB, client metadata at most 128 kB.', 'RFC 9110 15.5.14'],
  'bearer.none': ['The request has a token in the Authorization header.', 'RFC 6750 3.1'],
  'bearer.invalid': [
    'The access token was issued by this server, has not expired and was not revoked.',
    'RFC 6750 3.1',
  ],
  'bearer.audience': ['The access token is for this server’s own endpoints, not for an API.', 'RFC 9068 4'],
  'bearer.no_person': ['The access token was issued for a user whose account is enabled.', 'OpenID Connect Core 5.3'],
  'userinfo.scope': ['The access token has the scope openid.', 'OpenID Connect Core 5.3'],
  'introspection.public': ['The client that introspects a token is confidential.', 'RFC 7662 2.1'],
  'revocation.other_client': ['A token is revoked by the client that it was issued to.', 'RFC 7009 2.1'],
  'registration.off': ['Dynamic client registration is enabled (GATEHOUSE_REGISTRATION).', 'RFC 7591 3'],
  'registration.initial_token': ['The initial access token is valid and not used up.', 'RFC 7591 3'],
  'registration.wrong_token': ['The registration access token is the client’s current one.', 'RFC 7592 2'],
  'registration.disabled': ['The client is enabled.', 'RFC 7592 2.1'],
  'client.missing': ['The request names its client by client_id.', 'RFC 6749 4.1.1'],
  'client.unknown': ['The client_id is that of a registered client.', 'RFC 6749 2.2'],
  'client.disabled': ['The client is enabled.', 'RFC 6749 4.1.2.1'],
  'redirect_uri.missing': ['An OpenID request names its redirect_uri.', 'OpenID Connect Core 3.1.2.1'],
  'redirect_uri.none': ['The client has a redirect URI.', 'RFC 6749 3.1.2.2'],
  'redirect_uri.unregistered': [
    'The redirect_uri is exactly one of the client’s registered redirect URIs; on a loopback address the port may differ.',
    'RFC 9700 2.1, RFC 8252 7.3',
  ],
  'scope.unregistered': ['The client may request every scope.', 'RFC 6749 3.3'],
  'scope.widened': ['A refresh requests no more scopes than were granted.', 'RFC 6749 6'],
  'scope.malformed': ['Scopes are printable ASCII, separated by single spaces.', 'RFC 6749 3.3'],
  'response_type.unregistered': ['The client is registered for the response_type.', 'RFC 6749 4.1.2.1'],
  'response_type.unsupported': ['The response_type is supported by this server.', 'RFC 6749 3.1.1'],
  'response_type.not_openid': [
    'A response_type with an ID token comes with the scope openid.',
    'OpenID Connect Core 3.2.2.1',
  ],
  'nonce.missing': ['A request for an ID token from the front channel has a nonce.', 'OpenID Connect Core 3.2.2.1'],
  'pkce.required': ['The request has a code_challenge (PKCE).', 'RFC 7636 4.3, RFC 9700 2.1.1'],
  'pkce.method': ['The code_challenge_method is S256.', 'RFC 7636 4.2, RFC 9700 2.1.1'],
  'pkce.missing': ['The code_verifier is sent with the code.', 'RFC 7636 4.5'],
  'pkce.mismatch': ['The code_verifier matches the code_challenge.', 'RFC 7636 4.6'],
  'pkce.no_challenge': ['No code_verifier is sent if there was no code_challenge.', 'RFC 9700 4.8.2'],
  'par.required': ['The client pushes its authorization requests.', 'RFC 9126 5'],
  'request_uri.unknown': ['The request_uri was issued by this server and has not expired.', 'RFC 9126 4'],
  'request_uri.used': ['A pushed request is used once.', 'RFC 9126 7.3'],
  'request_uri.other_client': ['A pushed request is used by the client that pushed it.', 'RFC 9126 2.2'],
  'request_object.signature': ['The request object is signed by a key of the client.', 'RFC 9101 6.2'],
  'request_object.kid': [
    'The request object names its key by kid if the client has several suitable keys.',
    'OpenID Connect Core 10.1',
  ],
  'client_assertion.kid': [
    'The assertion names its key by kid if the client has several suitable keys.',
    'OpenID Connect Core 10.1',
  ],
  'request_object.aud': ['The request object is for this server (aud).', 'RFC 9101 4'],
  'request_object.expired': ['The request object has not expired.', 'RFC 9101 4'],
  'id_token_hint.foreign': ['The id_token_hint is an ID token of this server.', 'OpenID Connect Core 3.1.2.1'],
  'resource.unknown': ['The resource is a registered API.', 'RFC 8707 2'],
  'resource.limited': ['A restricted client can sign users in, but gets no tokens for APIs.', 'RFC 8707 2'],
  'resource.mixed': ['All APIs of one request accept the same token format.', 'RFC 8707 2.2'],
  'resource.not_granted': ['A token request names only resources that were granted.', 'RFC 8707 2.2'],
  'resource.not_allowed': ['An administrator allows the client to act on its own behalf at this API.', 'RFC 8707 2'],
  'grant_type.missing': ['The request has a grant_type.', 'RFC 6749 4.1.3'],
  'grant_type.unsupported': ['The grant_type is supported by this server.', 'RFC 6749 5.2'],
  'grant_type.unregistered': ['The client is registered for the grant_type.', 'RFC 6749 5.2'],
  'client_auth.missing': ['The client authenticates.', 'RFC 6749 3.2.1'],
  'client_auth.malformed': [
    'The credentials are well-formed; in Basic both parts are form-urlencoded.',
    'RFC 6749 2.3.1',
  ],
  'client_auth.unknown': ['The client is registered and enabled.', 'RFC 6749 2.3.1'],
  'client_auth.wrong': ['The secret, or the signature of the assertion, is the client’s.', 'RFC 6749 2.3.1'],
  'client_auth.method': ['The client authenticates by the method that it is registered for.', 'RFC 7591 2'],
  'client_auth.changed': ['The client’s credentials do not change while its request is processed.', 'RFC 6749 2.3'],
  'client_auth.several': ['The client authenticates by one method at a time.', 'RFC 6749 2.3'],
  'client_auth.two_ids': ['The client_id matches the credentials.', 'RFC 6749 3.2.1'],
  'code.unknown': ['The code was issued by this server.', 'RFC 6749 4.1.3'],
  'code.expired': ['The code is redeemed within its lifetime.', 'RFC 6749 4.1.2'],
  'code.replayed': ['A code is redeemed once: a second attempt revokes its grant.', 'RFC 6749 4.1.2'],
  'code.other_client': ['The code is redeemed by the client that it was issued to.', 'RFC 6749 4.1.3'],
  'code.redirect_uri': ['The redirect_uri matches that of the authorization request.', 'RFC 6749 4.1.3'],
  'code.dpop_jkt': ['The proof is signed with the key that the code is bound to.', 'RFC 9449 10'],
  'grant.ended': ['The grant is active: it was not ended by a logout, withdrawn or revoked.', 'RFC 6749 5.2'],
  'grant.conflict': ['No other request redeems the same code or refresh token at the same time.', 'RFC 6749 5.2'],
  'refresh.unknown': ['The refresh token was issued by this server.', 'RFC 6749 6'],
  'refresh.expired': [
    'The refresh token was used within its lifetime, and its sign-in is younger than the absolute lifetime.',
    'RFC 6749 6',
  ],
  'refresh.other_client': ['The refresh token is used by the client that it was issued to.', 'RFC 6749 6'],
  'refresh.replayed': [
    'A rotating refresh token is used once: a second use revokes its grant. The client’s refresh_token_rotation determines whether its tokens rotate.',
    'RFC 9700 4.14.2',
  ],
  'refresh.dpop_jkt': ['The proof is signed with the key that the refresh token is bound to.', 'RFC 9449 5'],
  'client_credentials.public': ['A public client cannot use the client credentials grant.', 'RFC 6749 4.4'],
  'client_credentials.scope': ['The scope is allowed for the client and does not concern a user.', 'RFC 6749 4.4.2'],
  'client_credentials.administration': ['The client is a service account.', 'RFC 6749 4.4'],
  'exchange.not_allowed': ['An administrator allows the client to exchange tokens for this API.', 'RFC 8693 2.2.2'],
  'exchange.subject_unknown': ['The subject_token is an active token of this server.', 'RFC 8693 2.2.2'],
  'exchange.not_holder': [
    'The subject_token was issued to the client, or for the API that the client represents.',
    'RFC 8693 2.1',
  ],
  'exchange.scope': ['The exchange requests no more scopes than the subject_token has.', 'RFC 8693 2.1'],
  'device.unregistered': ['The client is registered for the device grant.', 'RFC 8628 3.1'],
  'device_code.unknown': ['The device_code was issued by this server.', 'RFC 8628 3.5'],
  'device_code.expired': ['The device_code has not expired.', 'RFC 8628 3.5'],
  'device_code.denied': ['The user approves the request.', 'RFC 8628 3.5'],
  'dpop.front_channel': ['A client with DPoP-bound tokens gets no tokens from the front channel.', 'RFC 9449 5'],
  'dpop.missing': ['The request has a DPoP proof.', 'RFC 9449 5'],
  'dpop.replayed': ['A proof is used once.', 'RFC 9449 11.1'],
  'dpop.too_many': ['A client sends at most 2,000 proofs in five minutes for one user.', 'RFC 9449 11.1'],
  'dpop.profile_alg': [
    'The proof is signed with an algorithm that the client’s security profile allows.',
    'FAPI 2.0 5.4.1',
  ],
  'security_profile.client': ['The client’s registration meets its security profile.', 'FAPI 2.0 5.3.2'],
  'security_profile.changed': [
    'A sign-in that started before the profile was set must be restarted.',
    'FAPI 2.0 5.3.2',
  ],
  'request_object.required': ['The request has a signed request object.', 'RFC 9101 10.5'],
  'request_object.nbf_missing': ['The request object has an nbf.', 'FAPI 2.0 Message Signing 5.3.1'],
  'request_object.exp_missing': ['The request object has an exp.', 'FAPI 2.0 Message Signing 5.3.1'],
  'request_object.aud_missing': ['The request object has an aud.', 'FAPI 2.0 Message Signing 5.3.1'],
  'request_object.too_old': ['The nbf is at most one hour in the past.', 'FAPI 2.0 Message Signing 5.3.1'],
  'request_object.lifetime': ['The exp is at most one hour after the nbf.', 'FAPI 2.0 Message Signing 5.3.1'],
  'state.characters': ['The state is printable ASCII.', 'RFC 6749 A.5'],
  'client_document.host': ['Clients of this host are allowed here.', 'Client ID Metadata Document 3'],
  'client_document.unreadable': ['The document at the client_id can be read.', 'Client ID Metadata Document 3'],
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

/** Empty if there is nothing to add to the error description. */
export function ruleOf(reason: string): Partial<FailureRule> {
  const rule = rules[reason];
  if (rule) return { requirement: rule[0], clause: rule[1] };
  const clause = families[reason.split('.')[0] ?? ''];
  return clause === undefined ? {} : { clause };
}
