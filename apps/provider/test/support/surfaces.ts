import type { Type } from '@nestjs/common';
import { Form } from '@gatehouse/platform/http/form';
import { problemOfOperation } from '../../src/api/v1/problem';
import { operationRunner } from '../../src/cli/run-operation';
import { Refused, WrongRecord } from '../../src/cli/errors';
import { PageError } from '../../src/web/page-error';
import { OperationError } from '../../src/operations/operation-error';
import type { Operation } from '../../src/operations/operation';
import type { ClientActor } from '../../src/operations/actor';
import { Operations } from '../../src/operations/operations';
import { PageOperations } from '../../src/users/page-operations.service';
import type { User } from '../../src/users/user';
import type { UserRequestContext } from '../../src/users/sessions/request-context';
import type { TestProvider } from './provider';
import { addServiceAccount, serviceAccountActor } from './service-account';

/** Where operations are asked for. */
export const surfaces = ['page', 'API', 'command line'] as const;
export type Surface = (typeof surfaces)[number];

/** `done`, or the status that a page or the API answers with, or the exit status of a command. */
export type SurfaceAnswer = 'done' | number;

type AnyOperation = Type<Operation<unknown, unknown, unknown>>;

const serviceAccounts = new WeakMap<TestProvider, Promise<ClientActor>>();

function serviceAccountOf(provider: TestProvider): Promise<ClientActor> {
  const made =
    serviceAccounts.get(provider) ??
    addServiceAccount(provider).then((registered) => serviceAccountActor(provider, registered));
  serviceAccounts.set(provider, made);
  return made;
}

/** Asks for an operation as a person at a page, a service account at the API, or an operator at the command line. */
export async function ask(
  provider: TestProvider,
  surface: Surface,
  person: User,
  [type, input]: readonly [AnyOperation, unknown],
): Promise<SurfaceAnswer> {
  const now = provider.clock.now();
  const origin = { address: '127.0.0.1', requestId: 'test', now };
  try {
    switch (surface) {
      case 'page': {
        // As much of a context as the runner of pages looks at.
        const context = {
          ...origin,
          user: person,
          session: { authTime: now, amr: ['pwd', 'otp', 'mfa'], userId: person.id },
          request: { originalUrl: '/account' },
        } as unknown as UserRequestContext;
        const outcome = await provider.app.get(PageOperations).execute(type, input, { context, form: Form.of({}) });
        return 'refusal' in outcome ? outcome.refusal.status : 'done';
      }
      case 'API': {
        const actor = { ...(await serviceAccountOf(provider)), ...origin };
        await provider.app.get(Operations).execute(type, actor, input);
        return 'done';
      }
      case 'command line':
        await operationRunner(provider.app, now)(type, input);
        return 'done';
    }
  } catch (error) {
    if (error instanceof PageError) return error.status;
    if (error instanceof OperationError) return problemOfOperation(error).status;
    if (error instanceof WrongRecord) return 3;
    if (error instanceof Refused) return 1;
    throw error;
  }
}
