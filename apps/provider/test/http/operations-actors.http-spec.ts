import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { epochSeconds } from '@gatehouse/domain/kernel';
import { statement } from '@gatehouse/platform/database/store';
import { Form } from '@gatehouse/platform/http/form';
import { problemOfOperation } from '../../src/api/v1/problem';
import { operationRunner } from '../../src/cli/run-operation';
import { Refused, WrongRecord } from '../../src/cli/errors';
import { RecentSignInNeeded } from '../../src/web/login-needed';
import { PageError } from '../../src/web/page-error';
import type { Actor, ClientActor, UserActor } from '../../src/operations/actor';
import { OperationError, type OperationErrorCode } from '../../src/operations/operation-error';
import { Operations } from '../../src/operations/operations';
import { PageOperations } from '../../src/users/page-operations.service';
import type { User } from '../../src/users/user';
import type { UserRequestContext } from '../../src/users/sessions/request-context';
import {
  actorKinds,
  operationRows,
  rules,
  type ActorKind,
  type OperationRow,
  type PersonKind,
  type Rule,
  type Targets,
} from '../support/operation-rows';
import { makeTargets } from '../support/operation-targets';
import { startProvider, type TestProvider } from '../support/provider';
import { registered } from '../support/registration';
import { addServiceAccount, serviceAccountActor } from '../support/service-account';

type AnyOperation = OperationRow['type'];

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

/** Thrown after the operation, so that its unit of work is rolled back and the next actor finds everything as it was. */
class Undone extends Error {}

describe('each operation rejects the wrong actor and the stale session, and no other', () => {
  let provider: TestProvider;
  let targets: Targets;
  let registrationToken: string;
  let people: Readonly<Record<PersonKind, User>>;
  let serviceAccount: ClientActor;

  beforeAll(async () => {
    provider = await startProvider({
      env: {
        GATEHOUSE_THROTTLE: 'off',
        GATEHOUSE_SMTP_URL: 'smtp://127.0.0.1:9',
        GATEHOUSE_SIGN_UP: 'open',
        GATEHOUSE_REGISTRATION: 'open',
      },
    });
    const itself = await registered(provider);
    registrationToken = itself.registration_access_token;
    targets = { ...(await makeTargets(provider)), registered: itself.client_id };
    serviceAccount = await serviceAccountActor(provider, await addServiceAccount(provider));
    people = {
      user: await provider.addUser({ roles: ['user'] }),
      auditor: await provider.addUser({ roles: ['auditor'] }),
      administrator: await provider.addUser({ roles: ['admin'], email: 'one@people.test', emailVerified: true }),
      'stale administrator': await provider.addUser({
        roles: ['admin'],
        email: 'two@people.test',
        emailVerified: true,
      }),
    };
  });
  afterAll(() => provider.close());

  const signInOf = (kind: ActorKind) => ({
    authTime: kind === 'stale administrator' ? epochSeconds(provider.clock.now() - 601) : provider.clock.now(),
    amr: ['pwd'],
  });

  function actorOf(kind: ActorKind): Actor {
    const now = provider.clock.now();
    const origin = { address: '127.0.0.1', requestId: 'test', now };
    const addressKey = '127.0.0.1';
    switch (kind) {
      case 'visitor':
        return { kind: 'visitor', linkedUserId: undefined, ...origin };
      case 'client':
        return { ...serviceAccount, ...origin };
      case 'command line':
        return { kind: 'command-line', now };
      case 'registrant':
        return { kind: 'registrant', proof: { kind: 'none' }, addressKey, ...origin };
      case 'registration token': {
        const proof = {
          kind: 'registration-access-token',
          clientId: targets.registered,
          token: registrationToken,
        } as const;
        return { kind: 'registrant', proof, addressKey, ...origin };
      }
      default: {
        const { id: userId, roles } = people[kind];
        return { kind: 'person', userId, roles, signIn: signInOf(kind), hasSecondFactor: false, ...origin };
      }
    }
  }

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

  async function refusal(type: AnyOperation, kind: ActorKind, input: unknown): Promise<OperationError> {
    const error = await thrown(() => provider.app.get(Operations).execute(type, actorOf(kind), input));
    if (error instanceof OperationError) return error;
    throw new Error(`${type.name} by ${kind}: not refused`, { cause: error });
  }

  /** What comes of an operation for someone who may, which is undone. */
  async function outcomeOf(type: AnyOperation, kind: ActorKind, input: unknown): Promise<unknown> {
    const alsoInUnit = (): Promise<never> => Promise.reject(new Undone());
    const error = await thrown(() => provider.app.get(Operations).execute(type, actorOf(kind), input, { alsoInUnit }));
    if (error instanceof Undone) return 'done';
    return error instanceof OperationError ? error.code : error;
  }

  it('has a row for each operation, once', async () => {
    expect(operationRows.map(({ type }) => type.name).sort()).toEqual([...(await findOperations()).keys()].sort());
  });

  it('names someone who may for each rule', () => {
    for (const rule of Object.values<object>(rules)) expect(actorKinds.some((kind) => !(kind in rule))).toBe(true);
  });

  describe.each(operationRows.map((row) => [row.type.name, row] as const))('%s', (_name, { type, ...row }) => {
    const rule: Rule = rules[row.rule];
    const refused = actorKinds.flatMap((kind) => (rule[kind] === undefined ? [] : [[kind, rule[kind]] as const]));
    const allowed = actorKinds.filter((kind) => rule[kind] === undefined);

    it(`is for ${row.rule}`, async () => {
      const before = await countEvents();
      const codes: [ActorKind, OperationErrorCode][] = [];
      for (const [kind] of refused) codes.push([kind, (await refusal(type, kind, row.input(targets))).code]);
      expect(codes).toEqual(refused);
      expect(await countEvents()).toBe(before);
    });

    it(`is ${row.outcome} for ${allowed.join(', ')}`, async () => {
      const outcomes: unknown[] = [];
      for (const kind of allowed) outcomes.push([kind, await outcomeOf(type, kind, row.input(targets))]);
      expect(outcomes).toEqual(allowed.map((kind) => [kind, row.outcome]));
    });

    it('answers so at pages, at the API and at the command line', async () => {
      const answers: unknown[] = [];
      for (const [kind] of refused) answers.push([kind, await answerOf(type, kind, row.input(targets))]);
      expect(answers).toEqual(refused.map(([kind, code]) => [kind, expectedAnswer(kind, code)]));
    });
  });

  /** A person at a page and by a token at the API; a client at the API; an operator at the command line. */
  async function answerOf(type: AnyOperation, kind: ActorKind, input: unknown): Promise<object> {
    switch (kind) {
      case 'command line': {
        const execute = operationRunner(provider.app, provider.clock.now());
        const error = await thrown(() => execute(type, input));
        return { exit: error instanceof WrongRecord ? 3 : error instanceof Refused ? 1 : error };
      }
      case 'visitor':
      case 'client':
      case 'registrant':
      case 'registration token':
        return { api: await apiAnswer(type, kind, input) };
      default:
        return { api: await apiAnswer(type, kind, input), page: await pageAnswer(type, people[kind], kind, input) };
    }
  }

  async function apiAnswer(type: AnyOperation, kind: ActorKind, input: unknown): Promise<number | string> {
    const error = await refusal(type, kind, input);
    return error.missing ?? problemOfOperation(error).status;
  }

  async function pageAnswer(type: AnyOperation, user: User, kind: ActorKind, input: unknown): Promise<unknown> {
    const { address, requestId, now, signIn } = actorOf(kind) as UserActor;
    // As much of a context as the runner of pages looks at.
    const context = {
      user,
      session: { ...signIn, userId: user.id },
      address,
      requestId,
      now,
      request: { originalUrl: '/account' },
    } as unknown as UserRequestContext;
    const pages = provider.app.get(PageOperations);
    const error = await thrown(() => pages.execute(type, input, { context, form: Form.of({ password: 'x' }) }));
    if (error instanceof RecentSignInNeeded) return 'sign-in';
    return error instanceof PageError ? error.status : error;
  }

  function expectedAnswer(kind: ActorKind, code: OperationErrorCode): object {
    if (code === 'recent_sign_in') return { api: 'sign-in', page: 'sign-in' };
    const status = code === 'not_found' ? 404 : 403;
    if (kind === 'command line') return { exit: code === 'not_found' ? 3 : 1 };
    return kind in people ? { api: status, page: status } : { api: status };
  }
});
