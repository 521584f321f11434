import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { asciiEmailKey, emailKey, emailKeys, type EpochSeconds } from '@gatehouse/domain/kernel';
import { normalizeProfile, type AccountField, type Profile } from '@gatehouse/domain/oidc';
import { newId } from '@gatehouse/platform/secrets/random';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { In, type EntityManager, Repository } from 'typeorm';
import { SessionsService } from './sessions/sessions.service.js';
import { text } from '../i18n/message.js';
import { accountColumns, accountRowsOf, profileOrNull, toUser, userOf } from './user-rows.js';
import { userStatements, type UserNameRow, type UserRoleRow } from './user.statements.js';
import { UserEntity, UserRoleEntity } from './user.entity.js';
import {
  checkClaims,
  checkUserDraft,
  maxUsernameUnits,
  usernameKey,
  type Problem,
  type User,
  type UserDraft,
} from './user.js';

export type UserOutcome = { readonly user: User } | { readonly problems: readonly Problem[] };

/** Called in the same unit of work when something happens to an account. */
export interface UserLifecycleListener {
  userEnded?(unit: Unit, userId: string, now: EpochSeconds): Promise<void>;
  /** Called when an account is deleted, after it ended: its data still exists. */
  userDeleted?(unit: Unit, userId: string, now: EpochSeconds): Promise<void>;
  passwordChanged?(unit: Unit, userId: string, now: EpochSeconds): Promise<void>;
  /** Called after the user's sessions ended. @returns the number of grants that it ended */
  signedOutEverywhere?(unit: Unit, userId: string, scope: SignOutScope, now: EpochSeconds): Promise<number>;
  /**
   * Called when all sessions and offline access of a user ended, because the account was reset, disabled or deleted:
   * another person may have used it.
   */
  allAccessEnded?(unit: Unit, userId: string, now: EpochSeconds): Promise<void>;
  /**
   * Called when an address changes, in spelling too, or is removed: links sent to the old one may be read by another person.
   * @param before the account with the old address
   */
  emailChanged?(unit: Unit, before: User): Promise<void>;
  emailReplaced?(unit: Unit, userId: string, before: string, now: EpochSeconds): Promise<void>;
  rolesChanged?(unit: Unit, userId: string, roles: readonly string[], now: EpochSeconds): Promise<void>;
}

/** What ends in addition to the sessions of a user. */
export interface SignOutScope {
  /** Also ends offline access of applications (`offline_access`). */
  readonly offline: boolean;
  /** A session to keep, with the grants that depend on it. */
  readonly keepSessionId?: string | undefined;
}

/** Owns accounts and their roles. Password hashes leave it only to be verified. */
@Injectable()
export class UsersService {
  private readonly listeners: UserLifecycleListener[] = [];

  constructor(
    @InjectRepository(UserEntity) private readonly users: Repository<UserEntity>,
    @Inject(Store) private readonly store: Store,
    @Inject(SessionsService) private readonly sessions: SessionsService,
  ) {}

  addListener(listener: UserLifecycleListener): void {
    this.listeners.push(listener);
  }

  async find(id: string): Promise<User | undefined> {
    if (!isId(id)) return undefined;
    return userOf(await this.store.all<UserRoleRow>(userStatements.findById, id));
  }

  async findByUsername(username: string): Promise<User | undefined> {
    if (username.length > maxUsernameUnits) return undefined;
    return userOf(await this.store.all<UserRoleRow>(userStatements.findByKey, usernameKey(username)));
  }

  /**
   * The accounts with this address, in any spelling; at most ten, verified addresses first, then the oldest accounts.
   */
  async findByEmail(email: string): Promise<User[]> {
    const rows = await this.users.find({
      where: { emailKey: In([...emailKeys(email)]) },
      order: { emailVerified: 'DESC', createdAt: 'ASC', id: 'ASC' },
      take: 10,
    });
    return this.allWithRoles(this.users.manager, rows);
  }

  /** The username of an id. */
  async findName(id: string): Promise<string | undefined> {
    return (await this.store.one<{ username: string }>(userStatements.findName, id))?.username;
  }

  /** Usernames by id, for lists. */
  async names(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (ids.length === 0) return new Map();
    const rows = await this.users.find({ where: { id: In([...new Set(ids)]) }, select: { id: true, username: true } });
    return new Map(rows.map((row) => [row.id, row.username]));
  }

  /**
   * The account and password hash for a login; only the password check may use it.
   * @param name a username, or an e-mail address that exactly one account has confirmed; the username takes precedence
   */
  async findForLogin(name: string): Promise<{ user: User; passwordHash: string | undefined } | undefined> {
    // Too long for either; looked up anyway, so that it takes as long as any unknown name.
    const typed = name.length > maxUsernameUnits ? '' : name;
    // In the form under which failed sign-ins are counted (`signInKey`): both must identify the same account.
    const key = usernameKey(typed);
    const rows = accountRowsOf(await this.store.all<UserNameRow>(userStatements.findByName, key, ...emailKeys(key)));
    const user = userOf(rows);
    return user && { user, passwordHash: rows[0]?.password_hash ?? undefined };
  }

  /** The password hash, to confirm a user's own password before a change. */
  async findPasswordHash(id: string): Promise<string | undefined> {
    const row = await this.users.findOne({ where: { id }, select: { id: true, passwordHash: true } });
    return row?.passwordHash ?? undefined;
  }

  /** Whether this is still the account's password hash; the caller holds the lock of its row. */
  async isPasswordHash(unit: Unit, id: string, hash: string): Promise<boolean> {
    return unit.manager.getRepository(UserEntity).existsBy({ id, passwordHash: hash });
  }

  /** An administrator who can log in, otherwise one without a password; undefined if there is no administrator. */
  async findAdmin(): Promise<{ id: string; username: string; hasPassword: boolean } | undefined> {
    const row = await this.store.one<{ id: string; username: string; has_password: number | boolean }>(
      userStatements.admins,
    );
    return row && { id: row.id, username: row.username, hasPassword: Boolean(row.has_password) };
  }

  /** The users in the order of the ids. */
  async listByIds(ids: readonly string[]): Promise<User[]> {
    if (ids.length === 0) return [];
    const rows = await this.users.findBy({ id: In([...ids]) });
    const found = new Map((await this.allWithRoles(this.users.manager, rows)).map((user) => [user.id, user]));
    return ids.flatMap((id) => found.get(id) ?? []);
  }

  /**
   * Creates an account. The password is given as a hash, because hashing must not happen in a unit of work, or set
   * later by a link.
   * @returns the user, or the problems of the draft, including a taken username
   */
  async create(
    unit: Unit,
    draft: UserDraft & { passwordHash?: string | undefined },
    now: EpochSeconds,
  ): Promise<UserOutcome> {
    const problems = checkUserDraft(draft);
    if (problems.length > 0) return { problems };
    const users = unit.manager.getRepository(UserEntity);
    const key = usernameKey(draft.username);
    const row: UserEntity = {
      id: newId(),
      username: draft.username,
      usernameKey: key,
      ...accountColumns(draft),
      email: draft.email || null,
      emailKey: draft.email ? emailKey(draft.email) : null,
      emailVerified: draft.emailVerified ?? false,
      profile: profileOrNull(draft.profile),
      passwordHash: draft.passwordHash ?? null,
      passwordChangedAt: draft.passwordHash === undefined ? null : now,
      createdAt: now,
      updatedAt: now,
      lastLoginAt: null,
      disabledAt: null,
      accessEndedAt: null,
    };
    // The unique index decides, because two sign-ups with one name may be concurrent.
    await users.createQueryBuilder().insert().values(row).orIgnore().updateEntity(false).execute();
    const stored = await users.findOneBy({ usernameKey: key });
    if (stored?.id !== row.id) return { problems: [{ field: 'username', message: text('problem.username.taken') }] };
    await this.writeRoles(unit, row.id, draft.roles ?? ['user']);
    return { user: await this.withRoles(unit.manager, row) };
  }

  /** Reads the account in this unit of work. */
  async findIn(unit: Unit, id: string): Promise<User | undefined> {
    const row = await unit.manager.getRepository(UserEntity).findOneBy({ id });
    return row ? this.withRoles(unit.manager, row) : undefined;
  }

  /** Locks the account's row until the unit of work ends, and reads it. */
  async lockAndRead(unit: Unit, id: string): Promise<User | undefined> {
    return isId(id) && (await this.lock(unit, id)) ? this.findIn(unit, id) : undefined;
  }

  /**
   * @param before as returned by {@link lockAndRead}
   * @returns the updated account, or the problems of the draft
   */
  async update(unit: Unit, before: User, draft: UserDraft, now: EpochSeconds): Promise<UserOutcome> {
    const problems = checkUserDraft(draft);
    if (problems.length > 0) return { problems };
    const { id } = before;
    const users = unit.manager.getRepository(UserEntity);
    const key = usernameKey(draft.username);
    const other = await users.findOneBy({ usernameKey: key });
    if (other && other.id !== id) return { problems: [{ field: 'username', message: text('problem.username.taken') }] };
    if (draft.roles && !draft.roles.includes('admin') && (await this.isLastAdmin(unit, before)))
      return { problems: [{ field: 'roles', message: text('problem.lastAdmin') }] };
    await users.update(
      { id },
      {
        username: draft.username,
        usernameKey: key,
        ...accountColumns(draft),
        email: draft.email || null,
        emailKey: draft.email ? emailKey(draft.email) : null,
        emailVerified: draft.emailVerified ?? false,
        ...(draft.profile ? { profile: profileOrNull(draft.profile) } : {}),
        updatedAt: now,
      },
    );
    if (draft.roles) {
      await this.writeRoles(unit, id, draft.roles);
      for (const listener of this.listeners) await listener.rolesChanged?.(unit, id, draft.roles, now);
    }
    const { email: oldEmail } = before;
    if (oldEmail !== undefined && oldEmail !== (draft.email || undefined))
      for (const listener of this.listeners) await listener.emailChanged?.(unit, before);
    if (oldEmail !== undefined && asciiEmailKey(oldEmail) !== asciiEmailKey(draft.email ?? ''))
      for (const listener of this.listeners) await listener.emailReplaced?.(unit, id, oldEmail, now);
    const after = await users.findOneByOrFail({ id });
    return { user: await this.withRoles(unit.manager, after) };
  }

  /**
   * Updates the claims that users may set themselves. A changed phone number is no longer verified.
   * @param before as returned by {@link lockAndRead}
   * @returns the updated account, or the problems of the draft
   */
  async updateProfile(
    unit: Unit,
    before: User,
    draft: Pick<UserDraft, AccountField> & { readonly profile: Profile },
    now: EpochSeconds,
  ): Promise<UserOutcome> {
    const problems = checkClaims(draft);
    if (problems.length > 0) return { problems };
    const { id, profile: old } = before;
    const phoneNumberVerified = old.phoneNumberVerified === true && old.phoneNumber === draft.profile.phoneNumber;
    const users = unit.manager.getRepository(UserEntity);
    await users.update(
      { id },
      {
        ...accountColumns(draft),
        profile: profileOrNull(normalizeProfile({ ...draft.profile, phoneNumberVerified })),
        updatedAt: now,
      },
    );
    return { user: await this.withRoles(unit.manager, await users.findOneByOrFail({ id })) };
  }

  /** Stores a new password. The caller decides which sessions to end. */
  async setPassword(unit: Unit, id: string, passwordHash: string, now: EpochSeconds): Promise<void> {
    await unit.manager.getRepository(UserEntity).update({ id }, { passwordHash, passwordChangedAt: now });
    for (const listener of this.listeners) await listener.passwordChanged?.(unit, id, now);
  }

  /**
   * Stores a password that was set without the current one. Ends all sessions and offline access, because a person who knew
   * the old password may have started them.
   */
  async replacePassword(unit: Unit, id: string, passwordHash: string, now: EpochSeconds): Promise<void> {
    await this.setPassword(unit, id, passwordHash, now);
    await this.signOutEverywhere(unit, id, { offline: true }, now);
  }

  /** Ends a user's sessions and what depends on them, and changes of the address that any of them requested. */
  async signOutEverywhere(
    unit: Unit,
    id: string,
    scope: SignOutScope,
    now: EpochSeconds,
  ): Promise<{ readonly sessions: number; readonly grants: number }> {
    const isAllAccess = scope.offline && scope.keepSessionId === undefined;
    // Before the sessions, because other operations lock the account first.
    await unit.change(userStatements.endAccess, id, now);
    const sessions = await this.sessions.endAllOf(unit, id, now, scope.keepSessionId);
    let grants = 0;
    for (const listener of this.listeners) grants += (await listener.signedOutEverywhere?.(unit, id, scope, now)) ?? 0;
    if (isAllAccess) for (const listener of this.listeners) await listener.allAccessEnded?.(unit, id, now);
    return { sessions, grants };
  }

  /**
   * Records a login. False if the password was changed since it was verified, or the account is disabled: the login is
   * then rejected.
   */
  async recordLogin(unit: Unit, id: string, verifiedHash: string, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(userStatements.recordLogin, id, now, verifiedHash)) === 1;
  }

  /** Records a login without a password. False if the account is disabled or was deleted. */
  async recordKeyLogin(unit: Unit, id: string, now: EpochSeconds): Promise<boolean> {
    return (await unit.change(userStatements.recordKeyLogin, id, now)) === 1;
  }

  /** Locks the account's row, so that roles and state do not change until the unit of work ends. */
  async lockShared(unit: Unit, id: string): Promise<void> {
    await unit.one(userStatements.hold, id);
  }

  /** Locks the account's row until the unit of work ends. False if the account does not exist. */
  async lock(unit: Unit, id: string): Promise<boolean> {
    return (await unit.one(userStatements.lock, id)) !== undefined;
  }

  /** @returns the updated account */
  async setDisabled(unit: Unit, before: User, disabled: boolean, now: EpochSeconds): Promise<User> {
    const { id } = before;
    const disabledAt = disabled ? now : null;
    await unit.manager.getRepository(UserEntity).update({ id }, { disabledAt, updatedAt: now });
    if (disabled) await this.endAll(unit, id, now);
    return { ...before, disabledAt: disabledAt ?? undefined, updatedAt: now };
  }

  /** Deletes an account permanently. */
  async remove(unit: Unit, id: string, now: EpochSeconds): Promise<void> {
    await this.endAll(unit, id, now);
    for (const listener of this.listeners) await listener.userDeleted?.(unit, id, now);
    await unit.manager.getRepository(UserEntity).delete({ id });
  }

  /**
   * Whether this is the last enabled administrator, who can be neither disabled nor deleted and keeps the role.
   * @param user as returned by {@link lockAndRead}
   */
  async isLastAdmin(unit: Unit, { id, roles }: Pick<User, 'id' | 'roles'>): Promise<boolean> {
    if (!roles.includes('admin')) return false;
    const admins = await unit.all<{ id: string }>(userStatements.lockAdmins);
    return admins.length === 1 && admins[0]?.id === id;
  }

  private async endAll(unit: Unit, id: string, now: EpochSeconds): Promise<void> {
    await this.signOutEverywhere(unit, id, { offline: true }, now);
    for (const listener of this.listeners) await listener.userEnded?.(unit, id, now);
  }

  private async writeRoles(unit: Unit, userId: string, roles: readonly string[]): Promise<void> {
    const repository = unit.manager.getRepository(UserRoleEntity);
    await repository.delete({ userId });
    const distinct = [...new Set(roles)];
    if (distinct.length > 0) await repository.insert(distinct.map((role) => ({ userId, role })));
  }

  private async withRoles(manager: EntityManager, row: UserEntity): Promise<User> {
    const [user] = await this.allWithRoles(manager, [row]);
    if (!user) throw new Error('The row of the user was not found.');
    return user;
  }

  private async allWithRoles(manager: EntityManager, rows: readonly UserEntity[]): Promise<User[]> {
    if (rows.length === 0) return [];
    const found = await manager.getRepository(UserRoleEntity).findBy({ userId: In(rows.map((row) => row.id)) });
    return rows.map((row) =>
      toUser(
        row,
        found.filter((role) => role.userId === row.id).map((role) => role.role),
      ),
    );
  }
}

/** Whether a text has the form of an id: anything else, in particular NUL, is not looked up. */
function isId(text: string): boolean {
  return /^[\w-]{1,100}$/.test(text);
}
