import { logoutMetadata } from './logout-metadata.js';

/** The features of a server. Paths begin with a slash. */
export interface ServerFeatures {
  readonly issuer: string;
  readonly paths: {
    readonly authorize: string;
    readonly token: string;
    readonly userinfo: string;
    /** Undefined where only administrators register clients. */
    readonly register?: string | undefined;
    readonly par: string;
    readonly introspect: string;
    readonly revoke: string;
    readonly deviceAuthorization: string;
    readonly endSession: string;
    readonly checkSession: string;
    readonly jwks: string;
  };
  readonly grantTypes: readonly string[];
  /** Whether a `client_id` may be the URL of a metadata document. */
  readonly clientMetadataDocuments: boolean;
  readonly responseTypes: readonly string[];
  readonly responseModes: readonly string[];
  readonly authMethods: readonly string[];
  /** The server's profile does not apply to the credentials of an API. */
  readonly introspectionAuthMethods: readonly string[];
  /** Of client assertions. */
  readonly authSigningAlgorithms: readonly string[];
  /** Of ID tokens. */
  readonly signingAlgorithms: readonly string[];
  /** For encrypting ID tokens to clients, and request objects to this server. */
  readonly keyManagementAlgorithms: readonly string[];
  readonly contentEncryptionAlgorithms: readonly string[];
  readonly requestObjectSigningAlgorithms: readonly string[];
  /** True: all authorization requests must be pushed. */
  readonly requiresPar: boolean;
  /** True: all requests must have a signed request object (RFC 9101 10.5). */
  readonly requiresSignedRequestObjects: boolean;
  /** Of DPoP proofs. */
  readonly dpopAlgorithms: readonly string[];
  readonly scopes: readonly string[];
  readonly claims: readonly string[];
  /** Supported values of `acr`. */
  readonly acrValues: readonly string[];
  /** BCP 47. */
  readonly languages: readonly string[];
}

/**
 * The metadata document, the same for OpenID Connect and OAuth.
 * @see OpenID Connect Discovery 3, RFC 8414 2, RFC 8628 4, RFC 9126 5, RFC 9207 3, RFC 9449 5.1, RFC 9701 7, JARM 4
 */
export function providerMetadata(offer: ServerFeatures): Record<string, unknown> {
  const at = (path: string): string => offer.issuer + path;
  return {
    issuer: offer.issuer,
    authorization_endpoint: at(offer.paths.authorize),
    token_endpoint: at(offer.paths.token),
    userinfo_endpoint: at(offer.paths.userinfo),
    jwks_uri: at(offer.paths.jwks),
    ...(offer.paths.register === undefined ? {} : { registration_endpoint: at(offer.paths.register) }),
    pushed_authorization_request_endpoint: at(offer.paths.par),
    require_pushed_authorization_requests: offer.requiresPar,
    introspection_endpoint: at(offer.paths.introspect),
    revocation_endpoint: at(offer.paths.revoke),
    device_authorization_endpoint: at(offer.paths.deviceAuthorization),
    ...logoutMetadata({
      endSession: at(offer.paths.endSession),
      checkSession: offer.issuer.startsWith('https:') ? at(offer.paths.checkSession) : undefined,
    }),
    scopes_supported: offer.scopes,
    response_types_supported: offer.responseTypes,
    response_modes_supported: offer.responseModes,
    grant_types_supported: offer.grantTypes,
    subject_types_supported: ['public', 'pairwise'],
    id_token_signing_alg_values_supported: offer.signingAlgorithms,
    id_token_encryption_alg_values_supported: offer.keyManagementAlgorithms,
    id_token_encryption_enc_values_supported: offer.contentEncryptionAlgorithms,
    // UserInfo responses are signed like ID tokens.
    userinfo_signing_alg_values_supported: offer.signingAlgorithms,
    userinfo_encryption_alg_values_supported: offer.keyManagementAlgorithms,
    userinfo_encryption_enc_values_supported: offer.contentEncryptionAlgorithms,
    // JARM 4 and RFC 9701 7: signed in the same way.
    authorization_signing_alg_values_supported: offer.signingAlgorithms,
    authorization_encryption_alg_values_supported: offer.keyManagementAlgorithms,
    authorization_encryption_enc_values_supported: offer.contentEncryptionAlgorithms,
    introspection_signing_alg_values_supported: offer.signingAlgorithms,
    introspection_encryption_alg_values_supported: offer.keyManagementAlgorithms,
    introspection_encryption_enc_values_supported: offer.contentEncryptionAlgorithms,
    token_endpoint_auth_methods_supported: offer.authMethods,
    token_endpoint_auth_signing_alg_values_supported: offer.authSigningAlgorithms,
    introspection_endpoint_auth_methods_supported: offer.introspectionAuthMethods.filter((method) => method !== 'none'),
    introspection_endpoint_auth_signing_alg_values_supported: offer.authSigningAlgorithms,
    revocation_endpoint_auth_methods_supported: offer.authMethods,
    revocation_endpoint_auth_signing_alg_values_supported: offer.authSigningAlgorithms,
    code_challenge_methods_supported: ['S256'],
    prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    claim_types_supported: ['normal'],
    claims_supported: offer.claims,
    acr_values_supported: offer.acrValues,
    ui_locales_supported: offer.languages,
    claims_parameter_supported: true,
    request_parameter_supported: true,
    request_uri_parameter_supported: true,
    require_request_uri_registration: true,
    require_signed_request_object: offer.requiresSignedRequestObjects,
    request_object_signing_alg_values_supported: offer.requestObjectSigningAlgorithms,
    request_object_encryption_alg_values_supported: offer.keyManagementAlgorithms,
    request_object_encryption_enc_values_supported: offer.contentEncryptionAlgorithms,
    dpop_signing_alg_values_supported: offer.dpopAlgorithms,
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: offer.clientMetadataDocuments,
  };
}
