import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import {
  addSeconds,
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
import { isCreatedBy, type CreatedVia } from '../created-via.js';
import type { User } from '../user.js';
import { UsersService } from '../users.service.js';

export type LinkPurpose = 'set-password';

export interface NewLink {
  readonly userId: string;
  readonly purpose: LinkPurpose;
  /**
   * Whether setting the password signs in. Only for links that an administrator or the command line creates and hands
   * over: a link sent by mail proves control of the mailbox only.
   */
  readonly signsIn?: boolean;
  /** The administrator who creates it; it is deleted when they lose their rights or their account is reset. */
  readonly createdBy?: string | undefined;
  /** The client with whose access token it is created; it is deleted when the rights of that client end. */
  readonly createdViaClient?: string | undefined;
}

/** A link that is unused and has not expired. */
export interface UsableLink {
  readonly selector: number;
  readonly userId: string;
  readonly signsIn: boolean;
}

interface LinkRow {
  selector: number;
  verifier_hash: Buffer;
  user_id: string;
  signs_in: boolean | number;
}

const linkStatements = {
  insert: statement(
    'one_time_links.insert',
    `INSERT INTO one_time_links (selector, verifier_hash, purpose, user_id, created_at, expires_at, signs_in,
       made_by, made_via_client)
     VALUES ($1, $2, $3, $4, $5, $6, $7 <> 0, $8, $9)`,
  ),
  find: statement(
    'one_time_links.find',
    `SELECT selector, verifier_hash, user_id, signs_in FROM one_time_links
     WHERE selector = $1 AND purpose = $2 AND consumed_at IS NULL AND expires_at > $3`,
  ),
  consume: statement(
    'one_time_links.consume',
    'UPDATE one_time_links SET consumed_at = $2 WHERE selector = $1 AND consumed_at IS NULL AND expires_at > $2',
  ),
  forgetOfUser: statement(
    'one_time_links.forget_of_user',
    'DELETE FROM one_time_links WHERE user_id = $1 AND purpose = $2',
  ),
  // Only links that were handed over sign in.
  forgetMailedToUser: statement(
    'one_time_links.forget_mailed_to_user',
    'DELETE FROM one_time_links WHERE user_id = $1 AND purpose = $2 AND signs_in = FALSE',
  ),
  withdrawCreatedBy: statement(
    'one_time_links.withdraw_created_by',
    'DELETE FROM one_time_links WHERE made_by = $1 AND consumed_at IS NULL AND expires_at > $2 RETURNING user_id',
  ),
  withdrawCreatedVia: statement(
    'one_time_links.withdraw_created_via',
    `DELETE FROM one_time_links WHERE made_via_client = $1 AND consumed_at IS NULL AND expires_at > $2
       AND ${isCreatedBy('made_by')} RETURNING user_id, made_via_client`,
  ),
  withdrawCreatedByViaClients: statement(
    'one_time_links.withdraw_created_by_via_clients',
    `DELETE FROM one_time_links WHERE made_by = $1 AND made_via_client IS NOT NULL AND consumed_at IS NULL
       AND expires_at > $2 RETURNING user_id, made_via_client`,
  ),
  purge: statement('one_time_links.purge', 'DELETE FROM one_time_links WHERE expires_at <= $1'),
};

interface WithdrawnLink {
  readonly user_id: string;
  readonly made_via_client: string;
}

/** Owns one-time links; only the hash of a link is stored. */
@Injectable()
export class OneTimeLinks implements OnModuleInit {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  onModuleInit(): void {
    this.users.addListener({
      userEnded: (unit, userId) => this.forgetAllOf(unit, userId),
      allAccessEnded: (unit, userId, now) => this.withdrawCreatedBy(unit, userId, now),
      rolesChanged: (unit, userId, roles, now) =>
        roles.includes('admin') ? Promise.resolve() : this.withdrawCreatedBy(unit, userId, now),
      emailChanged: (unit, before) => this.forgetSentTo(unit, before),
      passwordChanged: (unit, userId) => this.forgetAllOf(unit, userId),
    });
  }

  /**
   * Creates a link; the user's earlier links of this purpose are deleted. @returns the absolute URL, which is shown or
   * sent once
   */
  async create(unit: Unit, link: NewLink, now: EpochSeconds): Promise<string> {
    await unit.change(linkStatements.forgetOfUser, link.userId, link.purpose);
    return this.createAdditional(unit, link, now);
  }

  /** Creates a link that an administrator hands over; setting the password with it signs in. */
  makeForAdministrator(
    unit: Unit,
    link: Required<Pick<NewLink, 'userId' | 'createdBy'>> & Pick<NewLink, 'createdViaClient'>,
    now: EpochSeconds,
  ): Promise<string> {
    return this.create(unit, { ...link, purpose: 'set-password', signsIn: true }, now);
  }

  /** Creates a link and keeps earlier ones: two processes that start at once each print one, and both must work. */
  async createAdditional(unit: Unit, link: NewLink, now: EpochSeconds): Promise<string> {
    const token = { selector: this.selectors.next(), verifier: newSecret() };
    await unit.change(
      linkStatements.insert,
      token.selector,
      sha256(token.verifier),
      link.purpose,
      link.userId,
      now,
      addSeconds(now, this.settings.resetLinkLifetimeSeconds),
      link.signsIn === true ? 1 : 0,
      link.createdBy ?? null,
      link.createdViaClient ?? null,
    );
    return `${this.settings.issuer}${routes.setPassword}?token=${formatToken(token)}`;
  }

  /** Finds a usable link. Does not consume it: mail scanners open links. */
  async find(text: string | undefined, purpose: LinkPurpose, now: EpochSeconds): Promise<UsableLink | undefined> {
    const token = text === undefined ? undefined : parseToken(text);
    if (!token) return undefined;
    const row = await this.store.one<LinkRow>(linkStatements.find, token.selector, purpose, now);
    if (!row || !equalInConstantTime(row.verifier_hash, sha256(token.verifier))) return undefined;
    return { selector: row.selector, userId: row.user_id, signsIn: Boolean(row.signs_in) };
  }

  /** Deletes all links of a user. */
  async forgetAllOf(unit: Unit, userId: string): Promise<void> {
    await unit.change(linkStatements.forgetOfUser, userId, 'set-password');
  }

  /**
   * Deletes the links of a user whose address changes: those that were sent to the old one may be read by another person.
   * A user without a password may still need the link that an administrator handed over.
   */
  async forgetSentTo(unit: Unit, { id, hasPassword }: Pick<User, 'id' | 'hasPassword'>): Promise<void> {
    await (hasPassword ? this.forgetAllOf(unit, id) : this.forgetMailedTo(unit, id));
  }

  /** Deletes the links that were mailed to a user, and keeps those that were handed over. */
  private async forgetMailedTo(unit: Unit, userId: string): Promise<void> {
    await unit.change(linkStatements.forgetMailedToUser, userId, 'set-password');
  }

  /** Deletes the usable links that an administrator created. */
  private async withdrawCreatedBy(unit: Unit, userId: string, now: EpochSeconds): Promise<void> {
    for (const { user_id: subjectId } of await unit.all<{ user_id: string }>(
      linkStatements.withdrawCreatedBy,
      userId,
      now,
    ))
      await this.audit.record(unit, {
        type: 'user.link_withdrawn',
        actorId: null,
        subjectId,
        details: { why: 'maker' },
      });
  }

  /** Deletes the usable links that were created with the access tokens of a client, or of any client by one user. */
  async withdrawCreatedVia(unit: Unit, { clientId, createdBy }: CreatedVia, now: EpochSeconds): Promise<void> {
    const { withdrawCreatedVia, withdrawCreatedByViaClients } = linkStatements;
    const rows =
      clientId === undefined
        ? await unit.all<WithdrawnLink>(withdrawCreatedByViaClients, createdBy, now)
        : await unit.all<WithdrawnLink>(withdrawCreatedVia, clientId, now, createdBy ?? null);
    for (const { user_id: subjectId, made_via_client: clientId } of rows)
      await this.audit.record(unit, {
        type: 'user.link_withdrawn',
        actorId: null,
        clientId,
        subjectId,
        details: { why: 'client' },
      });
  }

  /** Consumes a link returned by {@link find}. True for exactly one caller. */
  async consume(unit: Unit, selector: number, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(linkStatements.consume, selector, now)) === 1;
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(linkStatements.purge, now);
  }
}
