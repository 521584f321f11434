import { Inject, Injectable } from '@nestjs/common';
import {
  epochSeconds,
  equalInConstantTime,
  parseToken,
  sha256,
  addSeconds,
  type EpochSeconds,
  type Selector,
  type Token,
} from '@gatehouse/domain/kernel';
import {
  formatScope,
  parseScope,
  securityProfile,
  type AuthorizationRequest,
  type Client,
  type Scope,
} from '@gatehouse/domain/oauth';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { newSecret, SelectorSource } from '@gatehouse/platform/secrets/random';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { Sweeper, type PurgeStep } from '../../database/sweep.js';
import { codeStatements, type CodeRow } from './authorization-code.statements.js';

/** A code as it was issued; the caller checks whether it was consumed or has expired. */
export interface AuthorizationCode {
  readonly selector: Selector;
  readonly grantSelector: Selector;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly redirectUriSent: boolean;
  readonly scope: Scope;
  readonly codeChallenge: string | undefined;
  readonly nonce: string | undefined;
  /** Thumbprint of the only key that may redeem the code. */
  readonly dpopJkt: string | undefined;
  readonly issuedAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
  readonly consumedAt: EpochSeconds | undefined;
}

/** Owns authorization codes. */
@Injectable()
export class AuthorizationCodes {
  private readonly sweeper = new Sweeper(codeStatements.purge);

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** 256 random bits (RFC 6749 10.10); not valid until it is issued. */
  make(): Token {
    return { selector: this.selectors.next(), verifier: newSecret() };
  }

  /** How long a code for this client is valid. */
  lifetimeSeconds(client: Client): number {
    return Math.min(this.settings.codeLifetimeSeconds, securityProfile(client.securityProfile).maxCodeLifetimeSeconds);
  }

  issue(
    unit: Unit,
    token: Token,
    issued: { readonly request: AuthorizationRequest; readonly client: Client; readonly grantSelector: Selector },
    now: EpochSeconds,
  ): void {
    const { request, client, grantSelector } = issued;
    unit.write(
      codeStatements.insert,
      token.selector,
      sha256(token.verifier),
      grantSelector,
      request.clientId,
      request.redirectUri,
      request.redirectUriSent ? 1 : 0,
      formatScope(request.scope),
      request.codeChallenge ?? null,
      request.nonce ?? null,
      now,
      addSeconds(now, this.lifetimeSeconds(client)),
      request.dpopJkt ?? null,
    );
  }

  /** Finds a code, consumed and expired ones included; undefined for one that was never issued. */
  async find(text: string): Promise<AuthorizationCode | undefined> {
    const token = parseToken(text);
    if (!token) return undefined;
    const row = await this.store.one<CodeRow>(codeStatements.find, token.selector);
    if (!row || !equalInConstantTime(row.verifier_hash, sha256(token.verifier))) return undefined;
    return {
      selector: row.selector as Selector,
      grantSelector: row.grant_selector as Selector,
      clientId: row.client_id,
      redirectUri: row.redirect_uri,
      redirectUriSent: row.redirect_uri_sent === 1,
      scope: parseScope(row.scope),
      codeChallenge: row.code_challenge ?? undefined,
      nonce: row.nonce ?? undefined,
      dpopJkt: row.dpop_jkt ?? undefined,
      issuedAt: epochSeconds(row.issued_at),
      expiresAt: epochSeconds(row.expires_at),
      consumedAt: row.consumed_at === null ? undefined : epochSeconds(row.consumed_at),
    };
  }

  /** Consumes the code. Of concurrent requests, exactly one unit of work succeeds (RFC 6749 4.1.2). */
  consume(unit: Unit, selector: Selector, now: EpochSeconds): void {
    unit.expectChange(codeStatements.consume, selector, now);
  }

  /** A step of the purge: unused codes are deleted when they expire, consumed ones when no token of their grant can still be valid. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    return this.sweeper.step(unit, now);
  }
}
