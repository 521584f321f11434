import { Inject, Injectable } from '@nestjs/common';
import { equalInConstantTime, sha256, type EpochSeconds } from '@gatehouse/domain/kernel';
import {
  removalProblem,
  adminOnlyProblems,
  loosenedMembers,
  looseningProblems,
  OAuthError,
  type Client,
  type ClientDraft,
  type FieldProblem,
} from '@gatehouse/domain/oauth';
import { newSecret } from '@gatehouse/server/secrets/random';
import { statement, Store, type Unit } from '@gatehouse/server/database/store';
import { AuditService } from '../../audit/audit.service.js';
import { ClientRules } from '../client-rules.service.js';
import { ClientsService } from '../clients.service.js';
import { InitialAccessTokens } from './initial-access-tokens.service.js';
import { RegistrationLimits } from './registration-limits.service.js';
import { refusal } from './registration-request.js';
import { SectorIdentifiers } from './sector-identifiers.service.js';

/** Where a registration comes from. */
export interface Registrant {
  readonly address: string;
  readonly addressKey: string;
  readonly requestId: string;
  /** The id of its initial access token; undefined in open registration. */
  readonly credential: string | undefined;
}

/** A client as its registrant gets it: with what proves that it may change it. */
export interface Registered {
  readonly client: Client;
  /** Only where one was just made. */
  readonly secret: string | undefined;
  readonly registrationToken: string;
}

const registrationStatements = {
  note: statement(
    'clients.note_registration',
    'UPDATE clients SET registered_address = $2, registered_with = $3, registration_token_hash = $4 WHERE id = $1',
  ),
  findHash: statement(
    'clients.registration_token',
    'SELECT registration_token_hash AS hash FROM clients WHERE id = $1',
  ),
  replaceToken: statement(
    'clients.replace_registration_token',
    'UPDATE clients SET registration_token_hash = $3 WHERE id = $1 AND registration_token_hash = $2',
  ),
};

/** Compared with when there is nothing to compare with, so that both take the same time. */
const noHash = sha256('no client');

/**
 * Registers clients for whoever may, and lets each be read, changed and removed by the holder of its registration access
 * token, which every change replaces.
 * @see RFC 7591, RFC 7592, OpenID Connect Registration
 */
@Injectable()
export class Registrations {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientRules) private readonly rules: ClientRules,
    @Inject(InitialAccessTokens) private readonly tokens: InitialAccessTokens,
    @Inject(RegistrationLimits) private readonly limits: RegistrationLimits,
    @Inject(SectorIdentifiers) private readonly sectors: SectorIdentifiers,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /**
   * Approved at once where the initial access token says so.
   * @throws OAuthError invalid_redirect_uri, invalid_client_metadata; invalid_token when the initial access token was
   *   used up meanwhile; temporarily_unavailable (429) past a rate or the quota
   */
  async register(draft: ClientDraft, from: Registrant, now: EpochSeconds): Promise<Registered> {
    const { redirectUris } = this.check(draft, now);
    await this.admit('register', redirectUris, from.addressKey, now);
    await this.checkSector(draft, from.addressKey, now);
    const registrationToken = newSecret();
    return this.store.run(async (unit) => {
      const isApproved = from.credential !== undefined && (await this.spend(unit, from.credential, now)).approves;
      if (!isApproved && !(await this.limits.belowQuota(unit, from.addressKey, now)))
        throw tooMany('Too many clients from this address wait for approval.', 3600, 'registration.quota');
      const made = await this.clients.create(unit, { ...draft, approvedAt: isApproved ? now : undefined }, from, now);
      if ('problems' in made) throw refusal(made.problems);
      if (isApproved)
        await this.audit.record(unit, {
          type: 'client.approved',
          clientId: made.client.id,
          subjectId: from.credential,
          address: from.address,
          requestId: from.requestId,
        });
      await unit.change(
        registrationStatements.note,
        made.client.id,
        from.addressKey,
        from.credential ?? null,
        Buffer.from(sha256(registrationToken)),
      );
      return { ...made, registrationToken };
    });
  }

  /** Notes the address that a client came from which has no registration access token: what its quota is counted by. */
  async noteOrigin(unit: Unit, id: string, addressKey: string): Promise<void> {
    await unit.change(registrationStatements.note, id, addressKey, null, null);
  }

  /** The client whose registration access token this is; undefined for a wrong one, and for a client that is gone. */
  async find(id: string, registrationToken: string): Promise<Client | undefined> {
    const client = await this.clients.findFresh(id);
    const row = client && (await this.store.one<{ hash: Buffer | null }>(registrationStatements.findHash, id));
    return equalInConstantTime(row?.hash ?? noHash, sha256(registrationToken)) ? client : undefined;
  }

  /**
   * Replaces all metadata. What an administrator approved is as it was, or has to be approved again.
   * @param seen the client that {@link find} gave
   * @throws OAuthError as {@link register}
   */
  async update(
    seen: Client,
    draft: ClientDraft,
    proof: { readonly registrationToken: string } & Omit<Registrant, 'credential'>,
    now: EpochSeconds,
  ): Promise<Registered> {
    const { redirectUris } = this.check({ ...draft, approvedAt: undefined }, now);
    const rights = [
      ...adminOnlyProblems(draft, seen),
      ...turnedProblems(seen, draft),
      ...looseningProblems(seen, draft),
    ];
    if (rights.length > 0) throw refusal(rights);
    await this.admit('update', redirectUris, proof.addressKey, now);
    await this.checkSector(draft, proof.addressKey, now);
    const complete = { ...draft, approvedAt: keepsApproval(seen, draft) ? seen.approvedAt : undefined };
    const registrationToken = newSecret();
    return this.store.run(async (unit) => {
      const changed = await this.clients.update(unit, seen, complete, proof, now);
      if (changed === undefined) throw wrongToken();
      if ('problems' in changed) throw refusal(changed.problems);
      if (!(await this.replaceToken(unit, seen.id, proof.registrationToken, registrationToken))) throw wrongToken();
      return { ...changed, registrationToken };
    });
  }

  /** RFC 7592 2.3: its grants and tokens end with it. */
  async remove(id: string, from: Omit<Registrant, 'credential'>, now: EpochSeconds): Promise<boolean> {
    return this.store.run(async (unit) => {
      const client = await this.clients.lock(unit, id);
      if (!client || removalProblem(client) !== undefined) return false;
      await this.clients.remove(unit, id, now);
      const details = { name: client.name };
      await this.audit.record(unit, { type: 'client.deleted', ...from, clientId: id, details });
      return true;
    });
  }

  /** Clears what has expired: initial access tokens, counts. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return (await this.tokens.purgeExpired(unit, now)) + (await this.limits.purgeExpired(unit, now));
  }

  private async spend(unit: Unit, tokenId: string, now: EpochSeconds): Promise<{ readonly approves: boolean }> {
    const spent = await this.tokens.spend(unit, tokenId, now);
    if (!spent)
      throw new OAuthError('invalid_token', 'The initial access token is used up or expired.', {
        reason: 'registration.token_spent',
      });
    return spent;
  }

  private check(draft: ClientDraft, now: EpochSeconds): Client {
    const checked = this.rules.check({ ...draft, id: '', createdAt: now });
    if ('problems' in checked) throw refusal(checked.problems);
    return checked.client;
  }

  private async admit(
    kind: 'register' | 'update',
    redirectUris: readonly string[],
    addressKey: string,
    now: EpochSeconds,
  ): Promise<void> {
    const wait = await this.store.run((unit) => this.limits.count(unit, { kind, addressKey, redirectUris }, now));
    if (wait !== undefined) throw tooMany('Too many registrations: try again later.', wait, 'registration.rate');
  }

  private async checkSector(draft: ClientDraft, addressKey: string, now: EpochSeconds): Promise<void> {
    const problem = await this.sectors.problem(draft, { addressKey, now });
    if (problem) throw refusal([problem]);
  }

  /** False when another update replaced it meanwhile. */
  private async replaceToken(unit: Unit, id: string, old: string, fresh: string): Promise<boolean> {
    const [before, after] = [old, fresh].map((token) => Buffer.from(sha256(token)));
    return (await unit.change(registrationStatements.replaceToken, id, before ?? null, after ?? null)) === 1;
  }
}

/** Rights were given to a client that an administrator looked at: one that shows another name or address has none of them. */
function turnedProblems(seen: Client, draft: ClientDraft): FieldProblem[] {
  if (looksTheSame(seen, draft) || !(seen.actsForItself || seen.tokenExchange.length > 0)) return [];
  return [
    {
      field: 'name',
      message: 'An administrator gave this client rights by this name and these addresses: only one may change them.',
    },
  ];
}

/**
 * True where what an administrator approved stays as it was: the name and addresses, and no weaker restrictions. Who set a
 * restriction is not known, so an approved client that drops one of its own has to be approved again too.
 */
function keepsApproval(before: Client, draft: ClientDraft): boolean {
  return looksTheSame(before, draft) && loosenedMembers(before, draft).length === 0;
}

/** True where all that an administrator reviewed is as it was: what people read, and where they are sent. */
export function looksTheSame(before: Client, draft: ClientDraft): boolean {
  const members = ['name', 'clientUri', 'logoUri', 'policyUri', 'tosUri', 'initiateLoginUri'] as const;
  return (
    members.every((member) => (before[member] ?? '') === (draft[member] ?? '')) &&
    draft.redirectUris.every((uri) => before.redirectUris.includes(uri)) &&
    draft.postLogoutRedirectUris.every((uri) => before.postLogoutRedirectUris.includes(uri))
  );
}

/** RFC 6585 4 */
function tooMany(description: string, retryAfterSeconds: number, reason: string): OAuthError {
  return new OAuthError('temporarily_unavailable', description, { status: 429, retryAfterSeconds, reason });
}

export function wrongToken(): OAuthError {
  return new OAuthError('invalid_token', 'The registration access token is wrong, or the client is gone.', {
    reason: 'registration.wrong_token',
  });
}
