import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import {
  asciiEmailKey,
  emailKey,
  emailKeys,
  isEmailAddress,
  addSeconds,
  epochSeconds,
  equalInConstantTime,
  formatToken,
  parseToken,
  sha256,
  type EpochSeconds,
} from '@gatehouse/domain/kernel';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';
import { newSecret, SelectorSource } from '@gatehouse/platform/secrets/random';
import { AuditService } from '../../audit/audit.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { routes } from '../../web/routes.js';
import { Mailer } from '../../mail/mailer.service.js';
import { isCreatedBy, type CreatedVia } from '../created-via.js';
import { durationText } from '../duration-text.js';
import { UsersService } from '../users.service.js';

/** An invitation to create one account, without its link. */
export interface Invitation {
  readonly selector: number;
  readonly email: string;
  readonly roles: readonly string[];
  readonly createdAt: EpochSeconds;
  readonly expiresAt: EpochSeconds;
}

interface InvitationRow {
  selector: number;
  verifier_hash: Buffer;
  email: string;
  roles: string;
  created_at: number;
  expires_at: number;
}

const open = 'consumed_at IS NULL AND expires_at > $2';

const invitationStatements = {
  insert: statement(
    'invitations.insert',
    `INSERT INTO invitations (selector, verifier_hash, email, email_key, roles, invited_by, made_via_client,
       created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
  ),
  /** Only the newest link of an address works. */
  forgetOfEmail: statement('invitations.forget_of_email', 'DELETE FROM invitations WHERE email_key IN ($1, $2, $3)'),
  find: statement('invitations.find', `SELECT * FROM invitations WHERE selector = $1 AND ${open}`),
  consume: statement(
    'invitations.consume',
    `UPDATE invitations SET consumed_at = $2 WHERE selector = $1 AND consumed_at IS NULL AND expires_at > $2`,
  ),
  list: statement(
    'invitations.list',
    `SELECT * FROM invitations WHERE selector < $1 AND ${open} ORDER BY selector DESC LIMIT $3`,
  ),
  /**
   * Concurrent invitations of one address must see each other. On SQLite units of work run one after another anyway.
   */
  lockEmail: statement('invitations.lock_email', 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', {
    sqlite: 'SELECT $1',
  }),
  withdraw: statement(
    'invitations.withdraw',
    'DELETE FROM invitations WHERE selector = $1 AND consumed_at IS NULL RETURNING email',
  ),
  /** Invitations with more than the default role. */
  withdrawCreatedBy: statement(
    'invitations.withdraw_created_by',
    `DELETE FROM invitations WHERE invited_by = $1 AND ${open} AND roles <> '["user"]' RETURNING email`,
  ),
  withdrawCreatedVia: statement(
    'invitations.withdraw_created_via',
    `DELETE FROM invitations WHERE made_via_client = $1 AND ${open} AND roles <> '["user"]'
       AND ${isCreatedBy('invited_by')} RETURNING email, made_via_client`,
  ),
  withdrawCreatedByViaClients: statement(
    'invitations.withdraw_created_by_via_clients',
    `DELETE FROM invitations WHERE invited_by = $1 AND made_via_client IS NOT NULL AND ${open}
       AND roles <> '["user"]' RETURNING email, made_via_client`,
  ),
  purge: statement('invitations.purge', 'DELETE FROM invitations WHERE expires_at <= $1'),
};

interface WithdrawnInvitation {
  readonly email: string;
  readonly made_via_client: string;
}

/** The maximum number at once: each is a mail, and all are in one unit of work. */
export const maxInvited = 500;

export interface NewInvitation {
  readonly email: string;
  readonly roles: readonly string[];
  /** The inviting user. */
  readonly createdBy: string | undefined;
  /** The client with whose access token they are invited. */
  readonly createdViaClient?: string | undefined;
}

/** A new invitation: its link is shown once. */
export interface InvitationLink {
  readonly email: string;
  readonly link: string;
}

/** The mail queue is full, and nobody was invited. */
export class MailQueueFull extends Error {}

/** Owns invitations; only the hash of a link is stored. */
@Injectable()
export class Invitations implements OnModuleInit {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Mailer) private readonly mailer: Mailer,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(UsersService) private readonly users: UsersService,
  ) {}

  /** Withdraws pending invitations of a user who may no longer assign roles, or whose account is reset. */
  onModuleInit(): void {
    this.users.addListener({
      allAccessEnded: (unit, userId, now) => this.withdrawCreatedBy(unit, userId, now),
      rolesChanged: (unit, userId, roles, now) =>
        roles.includes('admin') ? Promise.resolve() : this.withdrawCreatedBy(unit, userId, now),
    });
  }

  private async withdrawCreatedBy(unit: Unit, userId: string, now: EpochSeconds): Promise<void> {
    for (const { email } of await unit.all<{ email: string }>(invitationStatements.withdrawCreatedBy, userId, now))
      await this.audit.record(unit, {
        type: 'user.invitation_withdrawn',
        actorId: null,
        details: { email, why: 'inviter' },
      });
  }

  /**
   * Withdraws pending invitations with more than the default role that were created with the access tokens of a client, or of any
   * client by one user.
   */
  async withdrawCreatedVia(unit: Unit, { clientId, createdBy }: CreatedVia, now: EpochSeconds): Promise<void> {
    const { withdrawCreatedVia, withdrawCreatedByViaClients } = invitationStatements;
    const rows =
      clientId === undefined
        ? await unit.all<WithdrawnInvitation>(withdrawCreatedByViaClients, createdBy, now)
        : await unit.all<WithdrawnInvitation>(withdrawCreatedVia, clientId, now, createdBy ?? null);
    for (const { email, made_via_client: clientId } of rows)
      await this.audit.record(unit, {
        type: 'user.invitation_withdrawn',
        actorId: null,
        clientId,
        details: { email, why: 'client' },
      });
  }

  /**
   * Sends a link to this address; an earlier link of the same address stops working.
   * @param email one that {@link addressesIn} returned
   * @returns the link, to be passed on by hand if no mail is sent
   * @throws MailQueueFull
   */
  async invite(unit: Unit, invitation: NewInvitation, now: EpochSeconds): Promise<string> {
    const { email, roles, createdBy, createdViaClient } = invitation;
    const token = { selector: this.selectors.next(), verifier: newSecret() };
    const lifetimeSeconds = this.settings.invitationLifetimeSeconds;
    await unit.one(invitationStatements.lockEmail, emailKey(email));
    await unit.change(invitationStatements.forgetOfEmail, ...emailKeys(email));
    await unit.change(
      invitationStatements.insert,
      token.selector,
      sha256(token.verifier),
      email,
      emailKey(email),
      JSON.stringify(roles),
      createdBy ?? null,
      createdViaClient ?? null,
      now,
      addSeconds(now, lifetimeSeconds),
    );
    const link = `${this.settings.issuer}${routes.signUp}?invitation=${formatToken(token)}`;
    const values = { issuer: this.settings.issuer, link, lifetime: durationText(lifetimeSeconds) };
    if (!(await this.mailer.write(unit, { to: email, text: 'invitation', values, lifetimeSeconds }, now)))
      throw new MailQueueFull();
    return link;
  }

  /** The invitation of a usable link. Does not consume it: mail scanners open links. */
  async find(text: string | undefined, now: EpochSeconds): Promise<Invitation | undefined> {
    const token = text === undefined ? undefined : parseToken(text);
    if (!token) return undefined;
    const row = await this.store.one<InvitationRow>(invitationStatements.find, token.selector, now);
    if (!row || !equalInConstantTime(row.verifier_hash, sha256(token.verifier))) return undefined;
    return toInvitation(row);
  }

  /** Consumes an invitation returned by {@link find}. True for exactly one caller. */
  async consume(unit: Unit, selector: number, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(invitationStatements.consume, selector, now)) === 1;
  }

  /** Usable invitations, newest first. @param before the selector of the last one of the previous page */
  async list(
    { before = Number.MAX_SAFE_INTEGER, limit }: { readonly before?: number | undefined; readonly limit: number },
    now: EpochSeconds,
  ): Promise<{ readonly items: readonly Invitation[]; readonly next: number | undefined }> {
    const rows = await this.store.all<InvitationRow>(invitationStatements.list, before, now, limit + 1);
    const items = rows.slice(0, limit).map(toInvitation);
    return { items, next: rows.length > limit ? items.at(-1)?.selector : undefined };
  }

  /** @returns the invited address; undefined if the invitation was used or does not exist */
  async withdraw(unit: Unit, selector: number): Promise<string | undefined> {
    const [row] = await unit.all<{ email: string }>(invitationStatements.withdraw, selector);
    return row?.email;
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(invitationStatements.purge, now);
  }
}

/**
 * Parses pasted addresses, separated by commas, semicolons, spaces or line breaks. Duplicates are removed, in the form
 * in which addresses are compared.
 */
export function addressesIn(text: string): {
  readonly addresses: readonly string[];
  readonly wrong: readonly string[];
} {
  const addresses = new Map<string, string>();
  const wrong: string[] = [];
  for (const part of text.split(/[\s,;]+/)) {
    if (part === '') continue;
    if (isEmailAddress(part)) addresses.set(asciiEmailKey(part), part);
    else wrong.push(part);
  }
  return { addresses: [...addresses.values()], wrong };
}

function toInvitation(row: InvitationRow): Invitation {
  return {
    selector: row.selector,
    email: row.email,
    // Written by `invite` from checked roles.
    roles: JSON.parse(row.roles) as string[],
    createdAt: epochSeconds(row.created_at),
    expiresAt: epochSeconds(row.expires_at),
  };
}
