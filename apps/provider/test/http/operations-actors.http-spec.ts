import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Type } from '@nestjs/common';
import { epochSeconds } from '@gatehouse/domain/kernel';
import { statement } from '@gatehouse/server/database/store';
import { Form } from '@gatehouse/server/web/form';
import { problemOfOperation } from '../../src/admin/api/problem';
import { operationRunner } from '../../src/cli/run-operation';
import { Refused, WrongRecord } from '../../src/cli/usage';
import { RecentSignInNeeded } from '../../src/http/login-needed';
import { PageError } from '../../src/http/page-error';
import type { Actor, PersonActor } from '../../src/operations/actor';
import { OperationError, type OperationErrorCode } from '../../src/operations/operation-error';
import type { Operation } from '../../src/operations/operation';
import { Operations } from '../../src/operations/operations';
import { PageOperations } from '../../src/users/page-operations.service';
import type { User } from '../../src/users/user';
import type { UserVisit } from '../../src/users/visit';
import { startProvider, type TestProvider } from '../support/provider';

type AnyOperation = Type<Operation<unknown, unknown, unknown>>;
type Kind = 'visitor' | 'user' | 'auditor' | 'stale administrator' | 'client' | 'command line';
type Rule = Readonly<Partial<Record<Kind, OperationErrorCode>>>;

const noAdministrator: Rule = { visitor: 'forbidden', user: 'forbidden', auditor: 'read_only' };
const nobodysAccount: Rule = { visitor: 'not_found', client: 'not_found', 'command line': 'not_found' };

/** Who is refused, and how. Whoever is not named may. */
const rules = {
  administrators: noAdministrator,
  'administrators after a recent sign-in': { ...noAdministrator, 'stale administrator': 'recent_sign_in' },
  readers: { visitor: 'forbidden', user: 'forbidden' },
  owner: nobodysAccount,
  'owner after a recent sign-in': { ...nobodysAccount, 'stale administrator': 'recent_sign_in' },
  visitors: {
    user: 'forbidden',
    auditor: 'forbidden',
    'stale administrator': 'forbidden',
    client: 'forbidden',
    'command line': 'forbidden',
  },
  'command line': {
    visitor: 'forbidden',
    user: 'forbidden',
    auditor: 'forbidden',
    'stale administrator': 'forbidden',
    client: 'forbidden',
  },
  registrants: {
    visitor: 'forbidden',
    user: 'forbidden',
    auditor: 'forbidden',
    'stale administrator': 'forbidden',
    client: 'forbidden',
    'command line': 'forbidden',
  },
} as const satisfies Readonly<Record<string, Rule>>;
type RuleName = keyof typeof rules;

interface Targets {
  readonly user: string;
  readonly client: string;
  readonly session: string;
}
type Row = readonly [rule: RuleName, input?: (targets: Targets) => object];

const afterSignIn = 'administrators after a recent sign-in';
const ofUser = ({ user }: Targets): object => ({ id: user, userId: user });
const ofClient = ({ client, user }: Targets): object => ({ id: client, clientId: client, userId: user });

/** Each operation by its class, with an input that is right but for who sends it. */
const rows: Readonly<Record<string, Row>> = {
  AcceptIssuer: ['command line'],
  AddAuthenticatorApp: ['owner after a recent sign-in'],
  AddPasskey: ['owner after a recent sign-in'],
  ChangeOwnPassword: ['owner after a recent sign-in'],
  ConfirmEmail: ['visitors'],
  CreateClient: [afterSignIn, () => ({ properties: { name: 'made', redirectUris: ['https://made.example/cb'] } })],
  CreateIssuer: [afterSignIn],
  CreateRegistrationToken: [afterSignIn],
  CreateResource: [afterSignIn],
  CreateResourceCredentials: [afterSignIn],
  CreateUser: [afterSignIn, () => ({ draft: { username: 'made' } })],
  DeleteClient: [afterSignIn, ofClient],
  DeleteIssuer: [afterSignIn],
  DeleteRegistrationToken: [afterSignIn],
  DeleteResource: [afterSignIn],
  DeleteUser: [afterSignIn, ofUser],
  EndOtherSessions: ['owner'],
  EndSessions: ['administrators', ({ session }) => ({ ids: [session] })],
  EndTrustedBrowser: ['owner'],
  EndUserSessions: ['administrators', ofUser],
  InvitePeople: [afterSignIn, () => ({ emails: [], roles: [] })],
  MakePasswordLink: [afterSignIn, ofUser],
  MakeRecoveryCodes: ['owner after a recent sign-in'],
  RecordAuditExport: ['readers', () => ({ by: 'page', filter: {} })],
  RegisterClient: ['registrants', () => ({ properties: {} })],
  RemoveSecondFactor: ['owner after a recent sign-in', () => ({ factor: 'totp', password: '' })],
  RenamePasskey: ['owner', () => ({ id: 'x', name: 'x' })],
  RequestEmailChange: ['owner after a recent sign-in', () => ({ email: 'new@people.test' })],
  RequestPasswordReset: ['visitors'],
  ResetSecondFactors: [afterSignIn, ofUser],
  RetryMessages: ['administrators', () => ({ selectors: [1] })],
  RevokeAllGrants: ['administrators', ofUser],
  RevokeAllTokens: ['administrators', ofUser],
  RotateClientSecret: [afterSignIn, ofClient],
  RotateKeys: [afterSignIn, () => ({ atOnce: false })],
  SetApplicationRoles: [afterSignIn, (targets) => ({ ...ofClient(targets), roles: [] })],
  SetClientState: [afterSignIn, ({ client }) => ({ id: client, decision: 'enable' })],
  SetClientStates: [afterSignIn, ({ client }) => ({ decision: 'enable', clients: [{ id: client, revision: 'x' }] })],
  SetPassword: [afterSignIn, ({ user }) => ({ id: user, password: 'a long enough passphrase of words' })],
  SetPasswordByLink: ['visitors'],
  SetRoleRequirements: [afterSignIn, () => ({ role: 'user' })],
  SetUserState: [afterSignIn, ({ user }) => ({ id: user, disabled: true })],
  SetUserStates: [afterSignIn, ({ user }) => ({ ids: [user], disabled: true })],
  SignUp: ['visitors', () => ({})],
  UpdateClient: [afterSignIn, ({ client }) => ({ id: client, properties: { name: 'Other' } })],
  UpdateIssuer: [afterSignIn],
  UpdateOwnProfile: ['owner', () => ({ profile: {} })],
  UpdateRegistration: ['registrants', ({ client }) => ({ id: client, properties: {} })],
  UpdateUser: [afterSignIn, ({ user }) => ({ id: user, draft: { username: 'other' } })],
  WithdrawConsent: ['owner', ofClient],
  WithdrawInvitation: ['administrators', () => ({ selector: 1 })],
};

/** Whose refusal depends on the record, which is tested beside its policy. */
const byRecord = ['RevokeGrants', 'RevokeTokens', 'UpdateResource'];

/** Every class of a file in a folder `operations` that can be performed. */
async function findOperations(): Promise<ReadonlyMap<string, AnyOperation>> {
  const src = join(__dirname, '../../src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /[/\\]operations[/\\][a-z-]+\.ts$/.test(path) && !path.endsWith('.spec.ts'),
  );
  const found = new Map<string, AnyOperation>();
  for (const file of files) {
    const exported = (await import(join(src, file))) as Readonly<Record<string, unknown>>;
    for (const [name, value] of Object.entries(exported))
      if (typeof value === 'function' && 'perform' in ((value.prototype as object | undefined) ?? {}))
        // It has the method that makes it one.
        found.set(name, value as AnyOperation);
  }
  if (found.size === 0) throw new Error(`no operations in ${relative(process.cwd(), src)}`);
  return found;
}

describe('each operation refuses the wrong actor and the stale session', () => {
  let provider: TestProvider;
  let operations: ReadonlyMap<string, AnyOperation>;
  let targets: Targets;
  let people: Readonly<Record<'user' | 'auditor' | 'stale administrator', User>>;

  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_THROTTLE: 'off', GATEHOUSE_SMTP_URL: 'smtp://127.0.0.1:9' } });
    operations = await findOperations();
    const victim = await provider.addUser({ username: 'victim' });
    await provider.logIn(victim);
    const session = await provider.store.one<{ id: string }>(
      statement('test.session', 'SELECT id FROM sessions WHERE user_id = $1'),
      victim.id,
    );
    const { client } = await provider.addClient({ name: 'Target' });
    targets = { user: victim.id, client: client.id, session: session?.id ?? '' };
    people = {
      user: await provider.addUser({ roles: ['user'] }),
      auditor: await provider.addUser({ roles: ['auditor'] }),
      'stale administrator': await provider.addUser({ roles: ['admin'] }),
    };
  });
  afterAll(() => provider.close());

  const signInOf = (kind: Kind) => ({
    authTime: kind === 'stale administrator' ? epochSeconds(provider.clock.now() - 601) : provider.clock.now(),
    amr: ['pwd'],
  });

  function actorOf(kind: Kind): Actor {
    const now = provider.clock.now();
    const origin = { address: '127.0.0.1', requestId: 'test', now };
    switch (kind) {
      case 'visitor':
        return { kind: 'visitor', linkedUserId: undefined, ...origin };
      case 'client':
        return { kind: 'client', clientId: targets.client, ...origin };
      case 'command line':
        return { kind: 'command-line', now };
      default: {
        const { id: userId, roles } = people[kind];
        return { kind: 'person', userId, roles, signIn: signInOf(kind), hasSecondFactor: false, ...origin };
      }
    }
  }

  const inputOf = ([, input]: Row): unknown => input?.(targets) ?? {};

  async function countEvents(): Promise<number> {
    const count = statement('test.count_events', 'SELECT count(*) AS n FROM audit_events');
    return Number((await provider.store.one<{ n: number | string }>(count))?.n);
  }

  /** What it is thrown with; undefined where it was done. */
  async function thrown(task: () => Promise<unknown>): Promise<unknown> {
    try {
      await task();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async function refusal(type: AnyOperation, kind: Kind, input: unknown): Promise<OperationError> {
    const error = await thrown(() => provider.app.get(Operations).execute(type, actorOf(kind), input));
    if (error instanceof OperationError) return error;
    throw new Error(`${type.name} by ${kind}: not refused`, { cause: error });
  }

  it('has a row here for each operation', () => {
    expect([...Object.keys(rows), ...byRecord].sort()).toEqual([...operations.keys()].sort());
  });

  describe.each(Object.entries(rows))('%s', (name, row) => {
    const [rule] = row;
    const refused = Object.entries(rules[rule] as Rule) as readonly [Kind, OperationErrorCode][];
    const get = (): AnyOperation => {
      const type = operations.get(name);
      if (!type) throw new Error(`there is no operation ${name}`);
      return type;
    };

    it(`is for ${rule}`, async () => {
      const before = await countEvents();
      const codes: [Kind, OperationErrorCode][] = [];
      for (const [kind] of refused) codes.push([kind, (await refusal(get(), kind, inputOf(row))).code]);
      expect(codes).toEqual(refused);
      expect(await countEvents()).toBe(before);
    });

    it('answers so at pages, at the API and at the command line', async () => {
      const answers: unknown[] = [];
      for (const [kind] of refused) answers.push([kind, await answerOf(get(), kind, inputOf(row))]);
      expect(answers).toEqual(refused.map(([kind, code]) => [kind, expectedAnswer(kind, code)]));
    });
  });

  /** A person at a page and by a token at the API; a client at the API; an operator at the command line. */
  async function answerOf(type: AnyOperation, kind: Kind, input: unknown): Promise<object> {
    switch (kind) {
      case 'command line': {
        const execute = operationRunner(provider.app, provider.clock.now());
        const error = await thrown(() => execute(type, input));
        return { exit: error instanceof WrongRecord ? 3 : error instanceof Refused ? 1 : error };
      }
      case 'visitor':
      case 'client':
        return { api: await apiAnswer(type, kind, input) };
      default:
        return { api: await apiAnswer(type, kind, input), page: await pageAnswer(type, people[kind], kind, input) };
    }
  }

  async function apiAnswer(type: AnyOperation, kind: Kind, input: unknown): Promise<number | string> {
    const error = await refusal(type, kind, input);
    return error.missing ?? problemOfOperation(error).status;
  }

  async function pageAnswer(type: AnyOperation, user: User, kind: Kind, input: unknown): Promise<unknown> {
    const { address, requestId, now, signIn } = actorOf(kind) as PersonActor;
    // As much of a visit as the runner of pages looks at.
    const visit = {
      user,
      session: { ...signIn, userId: user.id },
      address,
      requestId,
      now,
      request: { originalUrl: '/account' },
    } as unknown as UserVisit;
    const pages = provider.app.get(PageOperations);
    const error = await thrown(() => pages.execute(type, input, { visit, form: Form.of({ password: 'x' }) }));
    if (error instanceof RecentSignInNeeded) return 'sign-in';
    return error instanceof PageError ? error.status : error;
  }

  function expectedAnswer(kind: Kind, code: OperationErrorCode): object {
    if (code === 'recent_sign_in') return { api: 'sign-in', page: 'sign-in' };
    const status = code === 'not_found' ? 404 : 403;
    if (kind === 'command line') return { exit: code === 'not_found' ? 3 : 1 };
    return kind === 'visitor' || kind === 'client' ? { api: status } : { api: status, page: status };
  }
});
