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
/** Each assertion is remembered for up to an hour: what clients that nobody approved can have stored is bounded. */
const assertionsOfStranger = { most: 1000, seconds: 300 };

/** What judges assertions, for both ways to sign them. */
export interface AssertionVerifiers {
  readonly issuer: string;
  readonly keys: ClientKeys;
  readonly replay: ReplayCache;
  readonly store: Store;
  /** Of clients that nobody approved, by client. */
  readonly strangers: RateBudget;
}

export function assertionBudget(): RateBudget {
  return new RateBudget(assertionsOfStranger);
}

/** A JWT that the client signed with its secret (RFC 7523 2.2, OpenID Connect Core 9). */
export function clientSecretJwt(judges: AssertionVerifiers): ClientAuthentication {
  return byAssertion('client_secret_jwt', macAlgorithms, judges);
}

/** A JWT that the client signed with its private key. What no algorithm of ours signed is taken for one of these, and refused. */
export function privateKeyJwt(judges: AssertionVerifiers): ClientAuthentication {
  return byAssertion('private_key_jwt', jwsAlgorithms, judges);
}

function byAssertion(
  name: 'client_secret_jwt' | 'private_key_jwt',
  algorithms: readonly SignatureAlgorithm[],
  judges: AssertionVerifiers,
): ClientAuthentication {
  return {
    name,
    signingAlgorithms: algorithms,
    matches: (credentials) => {
      if (!hasAssertion(credentials.parameters)) return false;
      const isMac = macAlgorithms.some((each) => each === read(credentials)?.header.alg);
      return isMac === (name === 'client_secret_jwt');
    },
    clientId: (credentials) => {
      const subject = read(credentials)?.payload['sub'];
      return typeof subject === 'string' ? subject : undefined;
    },
    authenticate: async ({ parameters, path, asker }, client, now) => {
      const jws = await judges.keys.verify(client, parameters.get('client_assertion') ?? '', {
        algorithms: allowedFor(client, algorithms),
        maxLength: maxAssertionCharacters,
        now,
        // Computed where it counts: most clients are approved.
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
        ? [judges.issuer]
        : [judges.issuer, judges.issuer + routes.token, judges.issuer + path];
      const use = checkClientAssertion(jws.payload, { clientId: client.id, audiences, now });
      await spend(judges, client, use, now);
      return true;
    },
  };
}

/** True when the body has either of the parameters: half an assertion is one too, and refused as one. */
export function hasAssertion(parameters: ReadonlyMap<string, string>): boolean {
  return parameters.has('client_assertion') || parameters.has('client_assertion_type');
}

/** Not verified. Undefined when it is malformed, or of another type. */
function read({ parameters }: PresentedCredentials): Jws | undefined {
  if (parameters.get('client_assertion_type') !== jwtBearerAssertion) return undefined;
  return parseJws(parameters.get('client_assertion') ?? '', { maxLength: maxAssertionCharacters });
}

/** The algorithm that the client registered, or all of the method (`token_endpoint_auth_signing_alg`). */
function allowedFor(client: Client, algorithms: readonly SignatureAlgorithm[]): readonly SignatureAlgorithm[] {
  const registered = client.tokenEndpointAuthSigningAlg;
  const allowed = algorithmsUnder(client.securityProfile, algorithms);
  return registered === undefined ? allowed : allowed.filter((each) => isSameAlgorithm(each, registered));
}

/** @throws OAuthError invalid_client for an assertion that was used before, here or in another process; temporarily_unavailable */
async function spend(
  { store, replay, strangers }: AssertionVerifiers,
  client: Client,
  use: { readonly jti: string; readonly expiresAt: EpochSeconds },
  now: EpochSeconds,
): Promise<void> {
  if (client.approvedAt === undefined && !strangers.take(client.id, now))
    throw new OAuthError('temporarily_unavailable', 'Too many client assertions. Try again in a minute.', {
      reason: 'client_assertion.too_many',
      status: 429,
      retryAfterSeconds: 60,
    });
  const issuer = `client assertion of ${client.id}`;
  if (!(await store.run((unit) => replay.use(unit, issuer, use.jti, use.expiresAt, now))))
    throw new OAuthError('invalid_client', 'The client assertion was used before.', {
      reason: 'client_assertion.replayed',
    });
}
