import { Inject, Injectable } from '@nestjs/common';
import { parseJws } from '@gatehouse/domain/jose';
import { sha256, type EpochSeconds } from '@gatehouse/domain/kernel';
import { readLogoutToken, type LogoutNotice } from '@gatehouse/domain/oidc';
import { statement, Store, type Unit } from '@gatehouse/platform/database/store';
import { ProviderKeys } from '../providers/provider-keys.service.js';
import type { Provider } from '../providers/provider.js';
import { ProvidersService } from '../providers/providers.service.js';
import { SessionsService } from '../session/sessions.service.js';

/** More than ten times the length of Gatehouse's logout tokens; encrypted ones are not supported. */
const maxCharacters = 10_000;

const tokenStatements = {
  consume: statement(
    'taken_logout_tokens.take',
    'INSERT INTO taken_logout_tokens (id_hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING',
  ),
  purge: statement(
    'taken_logout_tokens.purge',
    'DELETE FROM taken_logout_tokens WHERE id_hash IN (SELECT id_hash FROM taken_logout_tokens WHERE expires_at <= $1 LIMIT $2)',
  ),
};

/** How long after its expiry a token is still accepted and its id stored, for clock differences. */
const skewSeconds = 60;

/** Ends sessions on request of a provider (OpenID Connect Back-Channel Logout 1.0). */
@Injectable()
export class BackchannelLogout {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(ProvidersService) private readonly providers: ProvidersService,
    @Inject(ProviderKeys) private readonly keys: ProviderKeys,
    @Inject(SessionsService) private readonly sessions: SessionsService,
  ) {}

  /**
   * Validates a logout token and ends its sessions; it is not an error if they have already ended.
   * @returns number of ended sessions; undefined if it is not a logout token of a known provider, or was already consumed
   * @throws errors of openid-client when the provider's keys are unavailable: the provider sends the token again
   */
  async receive(text: string, now: EpochSeconds): Promise<number | undefined> {
    const jws = parseJws(text, { maxLength: maxCharacters });
    if (!jws) return undefined;
    for (const provider of await this.providers.list()) {
      const notice = readLogoutToken(
        { header: jws.header, claims: jws.payload },
        { issuer: provider.issuer, clientId: provider.clientId, now },
      );
      if (notice && (await this.keys.hasSigned(provider, jws))) return this.end(provider, notice);
    }
    return undefined;
  }

  async purgeExpired(unit: Unit, now: EpochSeconds, limit: number): Promise<number> {
    return unit.change(tokenStatements.purge, now, limit);
  }

  private end(
    { issuer, clientId }: Provider,
    { id, expiresAt, subject, sessionId }: LogoutNotice,
  ): Promise<number | undefined> {
    return this.store.run(async (unit) => {
      const inserted = await unit.change(
        tokenStatements.consume,
        sha256(`${issuer} ${id}`).toString('base64url'),
        expiresAt + skewSeconds,
      );
      if (inserted !== 1) return undefined;
      // 2.7: the session that is named, otherwise all of the user.
      return this.sessions.endOfProvider(unit, { issuer, clientId, subject, sessionId });
    });
  }
}
