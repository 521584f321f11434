import { Controller, Get, Inject } from '@nestjs/common';
import { contentEncryptionAlgorithms, keyManagementAlgorithms, signatureAlgorithms } from '@gatehouse/domain/jose';
import {
  dpopAlgorithms,
  responseTypeNames,
  securityProfile,
  standardScopes,
  tokenGrantTypes,
} from '@gatehouse/domain/oauth';
import { claimNames, providerMetadata } from '@gatehouse/domain/oidc';
import { Clock } from '@gatehouse/platform/clock';
import { Reply } from '@gatehouse/platform/http/reply';
import { requestObjectAlgorithms } from '../authorization/request-objects.service.js';
import { responseModes } from '../authorization/response-modes/response-modes.js';
import { ClientAuthenticator } from '../../clients/authentication/authenticator.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { Factors } from '../../users/factors/factors.service.js';
import { routes } from '../../web/routes.js';
import { KeysService, type ServerKey } from '../../keys/keys.service.js';
import { Languages } from '@gatehouse/platform/i18n/languages';

// The documents are public. Browser applications on any origin need them for discovery.
const openToAll = { 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'public, max-age=300' };

/** Metadata and JWKS, derived from what the code registers, so that they always match the implementation. */
@Controller()
export class DiscoveryController {
  private readonly metadata: Reply;
  /** The JWKS response, reused while the published keys stay the same. */
  private published: { readonly keys: readonly ServerKey[]; readonly reply: Reply } | undefined;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(KeysService) private readonly keys: KeysService,
    @Inject(ClientAuthenticator) authenticator: ClientAuthenticator,
    @Inject(Factors) factors: Factors,
    @Inject(Languages) languages: Languages,
  ) {
    // What the server-wide security profile forbids is not listed.
    const profile = securityProfile(settings.securityProfile);
    const authMethods = authenticator.methods.map((method) => method.name);
    this.metadata = Reply.constant(
      Reply.json(
        providerMetadata({
          issuer: settings.issuer,
          paths: { ...routes, register: settings.registration === 'off' ? undefined : routes.register },
          // `implicit` does not use the token endpoint (RFC 8414 2).
          grantTypes: within(profile.grantTypes, [...tokenGrantTypes, 'implicit']),
          clientMetadataDocuments: settings.clientMetadataDocuments !== 'off',
          responseTypes: within(profile.responseTypes, responseTypeNames),
          // JARM 2.3.4: `jwt` selects the default mode of the response type.
          responseModes: [...responseModes.map((mode) => mode.name), 'jwt'],
          authMethods: within(profile.authMethods, authMethods),
          introspectionAuthMethods: authMethods,
          authSigningAlgorithms: within(profile.signatureAlgorithms, authenticator.signingAlgorithms),
          signingAlgorithms: within(profile.signatureAlgorithms, signatureAlgorithms),
          keyManagementAlgorithms,
          contentEncryptionAlgorithms,
          requestObjectSigningAlgorithms: within(profile.signatureAlgorithms, requestObjectAlgorithms),
          requiresPar: settings.requirePar || profile.hardened,
          requiresSignedRequestObjects: profile.signedRequestObjects !== undefined,
          dpopAlgorithms: within(profile.signatureAlgorithms, dpopAlgorithms),
          scopes: standardScopes,
          acrValues: factors.supportedContexts,
          languages: languages.tags,
          claims: [
            'sub',
            'iss',
            'aud',
            'exp',
            'iat',
            'auth_time',
            'nonce',
            'amr',
            'acr',
            'sid',
            'at_hash',
            'c_hash',
            's_hash',
            ...claimNames,
          ],
        }),
        { headers: openToAll },
      ),
      { isStatic: true },
    );
  }

  @Get(routes.openidConfiguration)
  openidConfiguration(): Reply {
    return this.metadata;
  }

  @Get(routes.authorizationServerMetadata)
  authorizationServerMetadata(): Reply {
    return this.metadata;
  }

  @Get(routes.jwks)
  async jwks(): Promise<Reply> {
    const keys = await this.keys.published(this.clock.now());
    if (this.published?.keys !== keys) {
      const document = { keys: keys.map((key) => key.publicJwk) };
      this.published = { keys, reply: Reply.constant(Reply.json(document, { headers: openToAll })) };
    }
    return this.published.reply;
  }
}

/** The supported values that a security profile allows. */
function within(allowed: readonly string[] | undefined, all: readonly string[]): readonly string[] {
  return allowed ? all.filter((each) => allowed.includes(each)) : all;
}
