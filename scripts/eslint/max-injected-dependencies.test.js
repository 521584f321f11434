import { RuleTester } from 'eslint';
import { describe, it } from 'node:test';
import tseslint from 'typescript-eslint';
import { maxInjectedDependencies } from './max-injected-dependencies.js';

RuleTester.describe = describe;
RuleTester.it = it;
RuleTester.itOnly = it.only;

const tester = new RuleTester({ languageOptions: { parser: tseslint.parser } });
const options = [{ max: 2 }];
const tooMany = (name, count) => [{ messageId: 'tooMany', data: { name, count, max: '2' } }];

tester.run('max-injected-dependencies', maxInjectedDependencies, {
  valid: [
    {
      name: 'the maximum number of dependencies',
      code: '@Injectable() class Users { constructor(@Inject(Store) readonly store: Store, @Inject(Clock) clock: Clock) {} }',
      options,
    },
    {
      name: 'Operations and PageOperations count as one',
      code: `@Controller('users') class UsersController {
        constructor(
          @Inject(Operations) private readonly operations: Operations,
          @Inject(PageOperations) private readonly pageOperations: PageOperations,
          @Inject(UsersService) private readonly users: UsersService,
        ) {}
      }`,
      options,
    },
    {
      name: 'parameters of a class that is not a Nest provider are not injected',
      code: 'class Reader { constructor(readonly source: Source, readonly clock: Clock, readonly log: Log) {} }',
      options,
    },
    {
      name: 'method parameters are not injected',
      code: '@Injectable() class A { set(a: A, b: B, c: C) {} }',
      options,
    },
  ],
  invalid: [
    {
      name: 'one dependency too many',
      code: '@Injectable() class Users { constructor(@Inject(Store) a: Store, @Inject(Clock) b: Clock, @Inject(Log) c: Log) {} }',
      options,
      errors: tooMany('Users', '3'),
    },
    {
      name: 'dependencies injected by type',
      code: '@Controller() class Pages { constructor(readonly store: Store, clock: Clock, private log: Log) {} }',
      options,
      errors: tooMany('Pages', '3'),
    },
    {
      name: 'an optional dependency counts',
      code: '@Injectable() class Mail { constructor(@Inject(A) a: A, @Inject(B) b: B, @Optional() @Inject(C) c?: C) {} }',
      options,
      errors: tooMany('Mail', '3'),
    },
    {
      name: 'Operations and the maximum number of others',
      code: '@Injectable() class Api { constructor(@Inject(Operations) a: Operations, @Inject(B) b: B, @Inject(C) c: C) {} }',
      options,
      errors: tooMany('Api', '3'),
    },
    {
      name: 'an anonymous exported class',
      code: 'export default @Injectable() class { constructor(@Inject(A) a: A, @Inject(B) b: B, @Inject(C) c: C) {} }',
      options,
      errors: tooMany('The class', '3'),
    },
  ],
});
