import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { SourceBudget } from '@gatehouse/platform/outbound/budgets';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import { OutboundRefused } from '@gatehouse/platform/outbound/outbound-refused';
import { OAuthError, type ClientSource, type FieldProblem } from '@gatehouse/domain/oauth';

const maxBytes = 64 * 1024;
const maxMilliseconds = 5000;
/** For dynamic registrations, metadata documents and developers, who can name any host. */
const requesterLimits = {
  seconds: 60,
  perSource: 30,
  perHost: 60,
  running: 40,
  runningPerSource: 4,
  runningPerHost: 8,
};

/** The requester whose limits a fetch counts against; administrators have none. */
export interface SectorRequester {
  /** A network address, or the account of a developer. */
  readonly addressKey: string;
  readonly now: EpochSeconds;
}

/** Checks that a sector identifier document lists the redirect URIs of a client. */
@Injectable()
export class SectorIdentifiers {
  private readonly budget = new SourceBudget(requesterLimits);

  constructor(@Inject(Outbound) private readonly outbound: Outbound) {}

  /**
   * Fetches the document: a JSON array of strings, which must contain every redirect URI. For a client without redirect
   * URIs it proves nothing, and only an administrator may set one.
   * @param requester whose limits the fetch counts against
   * @returns the problem, or undefined when the document is valid or the client has none
   * @throws OAuthError temporarily_unavailable (`sector_identifier.rate`) over the limits of the requester
   * @see OpenID Connect Core 8.1, OpenID Connect Registration 5
   */
  async problem(
    client: {
      readonly sectorIdentifierUri?: string | undefined;
      readonly redirectUris: readonly string[];
      readonly source?: ClientSource | undefined;
    },
    requester?: SectorRequester,
  ): Promise<FieldProblem | undefined> {
    if (client.sectorIdentifierUri === undefined) return undefined;
    const message =
      client.redirectUris.length === 0 && (client.source ?? 'admin') !== 'admin'
        ? 'A sector identifier lists redirect URIs, and this client has no redirect URI.'
        : await this.checkWithinLimits(client.sectorIdentifierUri, client.redirectUris, requester);
    return message === undefined ? undefined : { field: 'sectorIdentifierUri', message };
  }

  private async checkWithinLimits(
    address: string,
    redirectUris: readonly string[],
    requester: SectorRequester | undefined,
  ): Promise<string | undefined> {
    if (!URL.canParse(address)) return 'This is not an absolute address.';
    if (!requester) return this.checkDocument(address, redirectUris);
    const leave = this.budget.enter(requester.addressKey, new URL(address).host, requester.now);
    if (!leave)
      throw new OAuthError(
        'temporarily_unavailable',
        'Too many sector identifiers are being fetched: try again later.',
        {
          reason: 'sector_identifier.rate',
          status: 429,
          retryAfterSeconds: requesterLimits.seconds,
        },
      );
    try {
      return await this.checkDocument(address, redirectUris);
    } finally {
      leave();
    }
  }

  private async checkDocument(address: string, redirectUris: readonly string[]): Promise<string | undefined> {
    let listed: unknown;
    try {
      const { body } = await this.outbound.get(address, {
        accept: 'application/json',
        maxBodyBytes: maxBytes,
        timeoutMilliseconds: maxMilliseconds,
      });
      listed = JSON.parse(body.toString('utf8'));
    } catch (error) {
      // The same message for every failed fetch, so that it reveals nothing about the internal network.
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
