import { providerMetadata } from './metadata.js';

const metadata = providerMetadata({
  issuer: 'https://op.example',
  paths: {
    authorize: '/oauth/authorize',
    token: '/oauth/token',
    userinfo: '/oauth/userinfo',
    par: '/oauth/par',
    introspect: '/oauth/introspect',
    revoke: '/oauth/revoke',
    deviceAuthorization: '/oauth/device',
    endSession: '/oauth/logout',
    checkSession: '/oauth/check-session',
    jwks: '/jwks',
  },
  clientMetadataDocuments: true,
  grantTypes: ['authorization_code', 'refresh_token'],
  responseTypes: ['code', 'code id_token'],
  responseModes: ['query', 'form_post'],
  introspectionAuthMethods: ['client_secret_basic', 'none'],
  authMethods: ['client_secret_basic', 'none'],
  authSigningAlgorithms: ['ES256'],
  signingAlgorithms: ['RS256'],
  keyManagementAlgorithms: ['RSA-OAEP'],
  contentEncryptionAlgorithms: ['A128GCM'],
  requestObjectSigningAlgorithms: ['ES256', 'none'],
  requiresPar: false,
  requiresSignedRequestObjects: false,
  dpopAlgorithms: ['ES256'],
  scopes: ['openid'],
  claims: ['sub'],
  acrValues: ['phr'],
  languages: ['en'],
});

describe('providerMetadata', () => {
  it.each([
    'issuer',
    'authorization_endpoint',
    'token_endpoint',
    'jwks_uri',
    'response_types_supported',
    'subject_types_supported',
    'id_token_signing_alg_values_supported',
  ])('has %s, which OpenID Connect Discovery 3 requires', (member) => {
    expect(metadata).toHaveProperty(member);
  });

  it('builds every address on the issuer', () => {
    for (const [member, value] of Object.entries(metadata))
      if (/_endpoint$|_uri$/.test(member)) expect(value).toMatch(/^https:\/\/op\.example\/[a-z/]+$/);
    expect(metadata).toMatchObject({ issuer: 'https://op.example', token_endpoint: 'https://op.example/oauth/token' });
  });

  it('says what it supports as it was told, and lets nobody without a secret introspect (RFC 7662 2.1)', () => {
    expect(metadata).toMatchObject({
      grant_types_supported: ['authorization_code', 'refresh_token'],
      response_types_supported: ['code', 'code id_token'],
      response_modes_supported: ['query', 'form_post'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'none'],
      revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'none'],
      introspection_endpoint_auth_methods_supported: ['client_secret_basic'],
      token_endpoint_auth_signing_alg_values_supported: ['ES256'],
      introspection_endpoint_auth_signing_alg_values_supported: ['ES256'],
      revocation_endpoint_auth_signing_alg_values_supported: ['ES256'],
    });
  });

  it('offers S256 alone, and iss in every answer (RFC 8414 2, RFC 9207 3)', () => {
    expect(metadata).toMatchObject({
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      request_uri_parameter_supported: true,
      require_request_uri_registration: true,
      request_object_signing_alg_values_supported: ['ES256', 'none'],
    });
  });

  it('has no member without a value: absent, not null (OpenID Connect Discovery 4.2)', () => {
    expect(JSON.parse(JSON.stringify(metadata))).toEqual(metadata);
    expect(Object.values(metadata)).not.toContain(null);
  });
});
