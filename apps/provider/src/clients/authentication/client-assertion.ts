import {
  isSameAlgorithm,
  jwsAlgorithms,
  macAlgorithms,
  parseJws,
  type Jws,
  type SignatureAlgorithm,
} from '@gatehouse/domain/jose';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import {
  algorithmsUnder,
  checkClientAssertion,
  checkClientAssertionType,
  jwtBearerAssertion,
  OAuthError,
  securityProfile,
  type Client,
} from '@gatehouse/domain/oauth';
import type { Store } from '@gatehouse/platform/database/store';
import { RateBudget } from '@gatehouse/platform/outbound/budgets';
import { routes } from '../../web/routes.js';
import type { ReplayCache } from '../../replay/replay-cache.service.js';
import type { ClientKeys } from '../keys/client-keys.service.js';
import type { ClientAuthentication, PresentedCredentials } from './client-authentication.js';

const maxAssertionCharacters = 16_000;
/** The replay cache stores each assertion for up to an hour: this bounds what unapproved clients can fill it with. */
const unapprovedClientLimit = { limit: 1000, seconds: 300 };

/** What both assertion methods need to verify an assertion. */
export interface AssertionVerifiers {
  readonly issuer: string;
  readonly keys: ClientKeys;
  readonly replay: ReplayCache;
  readonly store: Store;
  /** Limits the assertions of unapproved clients, by client id. */
  readonly unapprovedBudget: RateBudget;
}

export function assertionBudget(): RateBudget {
  return new RateBudget(unapprovedClientLimit);
}

/** A JWT that the client signed with its secret (RFC 7523 2.2, OpenID Connect Core 9). */
export function clientSecretJwt(verifiers: AssertionVerifiers): ClientAuthentication {
  return byAssertion('client_secret_jwt', macAlgorithms, verifiers);
}

/**
 * A JWT that the client signed with its private key. Also matches assertions with an unsupported algorithm, which it
 * rejects.
 */
export function privateKeyJwt(verifiers: AssertionVerifiers): ClientAuthentication {
  return byAssertion('private_key_jwt', jwsAlgorithms, verifiers);
}

function byAssertion(
  name: 'client_secret_jwt' | 'private_key_jwt',
  algorithms: readonly SignatureAlgorithm[],
  verifiers: AssertionVerifiers,
): ClientAuthentication {
  return {
    name,
    signingAlgorithms: algorithms,
    matches: (credentials) => {
      if (!hasAssertion(credentials.parameters)) return false;
      const isMac = macAlgorithms.some((each) => each === parseAssertion(credentials)?.header.alg);
      return isMac === (name === 'client_secret_jwt');
    },
    clientId: (credentials) => {
      const subject = parseAssertion(credentials)?.payload['sub'];
      return typeof subject === 'string' ? subject : undefined;
    },
    authenticate: async ({ parameters, path, requester: asker }, client, now) => {
      const jws = await verifiers.keys.verify(client, parameters.get('client_assertion') ?? '', {
        algorithms: allowedAlgorithms(client, algorithms),
        maxLength: maxAssertionCharacters,
        now,
        // Only computed where it is used: most clients are approved.
        addressKey: client.approvedAt === undefined ? asker().addressKey : undefined,
      });
      if (jws === 'kid_missing')
        // RFC 7515 4.1.4, OpenID Connect Core 10.1
        throw new OAuthError('invalid_client', 'The client has several keys: the assertion must name its key by kid.', {
          reason: 'client_assertion.kid',
        });
      if (!jws) return false;
      checkClientAssertionType(jws.header['typ']);
      const audiences = securityProfile(client.securityProfile).issuerAudienceOnly
        ? [verifiers.issuer]
        : [verifiers.issuer, verifiers.issuer + routes.token, verifiers.issuer + path];
      const assertion = checkClientAssertion(jws.payload, { clientId: client.id, audiences, now });
      await consumeAssertion(verifiers, client, assertion, now);
      return true;
    },
  };
}

/** True when the body has either parameter: an incomplete assertion is rejected as an assertion. */
export function hasAssertion(parameters: ReadonlyMap<string, string>): boolean {
  return parameters.has('client_assertion') || parameters.has('client_assertion_type');
}

/** Does not verify the signature. Undefined when malformed or of another type. */
function parseAssertion({ parameters }: PresentedCredentials): Jws | undefined {
  if (parameters.get('client_assertion_type') !== jwtBearerAssertion) return undefined;
  return parseJws(parameters.get('client_assertion') ?? '', { maxLength: maxAssertionCharacters });
}

/** The registered algorithm (`token_endpoint_auth_signing_alg`), or all algorithms of the method. */
function allowedAlgorithms(client: Client, algorithms: readonly SignatureAlgorithm[]): readonly SignatureAlgorithm[] {
  const registered = client.tokenEndpointAuthSigningAlg;
  const allowed = algorithmsUnder(client.securityProfile, algorithms);
  return registered === undefined ? allowed : allowed.filter((each) => isSameAlgorithm(each, registered));
}

/**
 * @throws OAuthError invalid_client for an assertion that was already used, in any process; temporarily_unavailable
 * over the limit
 */
async function consumeAssertion(
  { store, replay, unapprovedBudget }: AssertionVerifiers,
  client: Client,
  assertion: { readonly jti: string; readonly expiresAt: EpochSeconds },
  now: EpochSeconds,
): Promise<void> {
  if (client.approvedAt === undefined && !unapprovedBudget.take(client.id, now))
    throw new OAuthError('temporarily_unavailable', 'Too many client assertions. Try again in a minute.', {
      reason: 'client_assertion.too_many',
      status: 429,
      retryAfterSeconds: 60,
    });
  const issuer = `client assertion of ${client.id}`;
  if (!(await store.run((unit) => replay.use(unit, issuer, assertion.jti, assertion.expiresAt, now))))
    throw new OAuthError('invalid_client', 'The client assertion was used before.', {
      reason: 'client_assertion.replayed',
    });
}
