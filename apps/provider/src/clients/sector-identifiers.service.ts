import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { SourceBudget } from '@gatehouse/platform/outbound/budgets';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import { OutboundRefused } from '@gatehouse/platform/outbound/outbound-refused';
import { OAuthError, type ClientSource, type FieldProblem } from '@gatehouse/domain/oauth';

const maxBytes = 64 * 1024;
const maxMilliseconds = 5000;
/** Of clients that register or describe themselves and of developers, who name any host. */
const strangersLimits = {
  seconds: 60,
  perSource: 30,
  perHost: 60,
  running: 40,
  runningPerSource: 4,
  runningPerHost: 8,
};

/** Who makes us fetch: none for administrators. */
export interface SectorRequester {
  /** A network address, or the account of a developer. */
  readonly addressKey: string;
  readonly now: EpochSeconds;
}

/** Looks whether a sector identifier vouches for the redirect URIs of those who name it. */
@Injectable()
export class SectorIdentifiers {
  private readonly strangers = new SourceBudget(strangersLimits);

  constructor(@Inject(Outbound) private readonly outbound: Outbound) {}

  /**
   * Fetches the document and compares it: a JSON array of strings with every redirect URI in it. For a client without
   * redirect URIs it vouches for nothing, and only an administrator may name one.
   * @param asker whose limits it counts against
   * @returns what is wrong, or undefined when it vouches, or none is named
   * @throws OAuthError temporarily_unavailable (`sector_identifier.rate`) past the limits of the asker
   * @see OpenID Connect Core 8.1, OpenID Connect Registration 5
   */
  async problem(
    client: {
      readonly sectorIdentifierUri?: string | undefined;
      readonly redirectUris: readonly string[];
      readonly source?: ClientSource | undefined;
    },
    asker?: SectorRequester,
  ): Promise<FieldProblem | undefined> {
    if (client.sectorIdentifierUri === undefined) return undefined;
    const message =
      client.redirectUris.length === 0 && (client.source ?? 'admin') !== 'admin'
        ? 'A sector identifier lists redirect URIs, and this client has no redirect URI.'
        : await this.withinLimits(client.sectorIdentifierUri, client.redirectUris, asker);
    return message === undefined ? undefined : { field: 'sectorIdentifierUri', message };
  }

  private async withinLimits(
    address: string,
    redirectUris: readonly string[],
    asker: SectorRequester | undefined,
  ): Promise<string | undefined> {
    if (!URL.canParse(address)) return 'This is not an absolute address.';
    if (!asker) return this.sentence(address, redirectUris);
    const leave = this.strangers.enter(asker.addressKey, new URL(address).host, asker.now);
    if (!leave)
      throw new OAuthError(
        'temporarily_unavailable',
        'Too many sector identifiers are being fetched: try again later.',
        {
          reason: 'sector_identifier.rate',
          status: 429,
          retryAfterSeconds: strangersLimits.seconds,
        },
      );
    try {
      return await this.sentence(address, redirectUris);
    } finally {
      leave();
    }
  }

  private async sentence(address: string, redirectUris: readonly string[]): Promise<string | undefined> {
    let listed: unknown;
    try {
      const { body } = await this.outbound.get(address, {
        accept: 'application/json',
        maxBodyBytes: maxBytes,
        timeoutMilliseconds: maxMilliseconds,
      });
      listed = JSON.parse(body.toString('utf8'));
    } catch (error) {
      // One sentence for each way it can fail: whoever registers must not learn about our network from the difference.
      if (error instanceof OutboundRefused) return 'The document at this address could not be fetched.';
      if (error instanceof SyntaxError) return notAList;
      throw error;
    }
    if (!Array.isArray(listed) || listed.some((each) => typeof each !== 'string')) return notAList;
    const missing = redirectUris.find((uri) => !listed.includes(uri));
    return missing === undefined ? undefined : 'The document at this address does not list every redirect URI.';
  }
}

const notAList = 'The document at this address is no JSON array of strings.';
