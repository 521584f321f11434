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
      name: 'as many as are allowed',
      code: '@Injectable() class Users { constructor(@Inject(Store) readonly store: Store, @Inject(Clock) clock: Clock) {} }',
      options,
    },
    {
      name: 'the runner of operations counts once, for pages and for an API together',
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
      name: 'a class that Nest does not make takes what its caller passes',
      code: 'class Reader { constructor(readonly source: Source, readonly clock: Clock, readonly log: Log) {} }',
      options,
    },
    {
      name: 'parameters of methods are not injected',
      code: '@Injectable() class A { set(a: A, b: B, c: C) {} }',
      options,
    },
  ],
  invalid: [
    {
      name: 'one more than is allowed',
      code: '@Injectable() class Users { constructor(@Inject(Store) a: Store, @Inject(Clock) b: Clock, @Inject(Log) c: Log) {} }',
      options,
      errors: tooMany('Users', '3'),
    },
    {
      name: 'injected by their types',
      code: '@Controller() class Pages { constructor(readonly store: Store, clock: Clock, private log: Log) {} }',
      options,
      errors: tooMany('Pages', '3'),
    },
    {
      name: 'one that is optional',
      code: '@Injectable() class Mail { constructor(@Inject(A) a: A, @Inject(B) b: B, @Optional() @Inject(C) c?: C) {} }',
      options,
      errors: tooMany('Mail', '3'),
    },
    {
      name: 'the runner and as many others as are allowed',
      code: '@Injectable() class Api { constructor(@Inject(Operations) a: Operations, @Inject(B) b: B, @Inject(C) c: C) {} }',
      options,
      errors: tooMany('Api', '3'),
    },
    {
      name: 'a class that is exported without a name',
      code: 'export default @Injectable() class { constructor(@Inject(A) a: A, @Inject(B) b: B, @Inject(C) c: C) {} }',
      options,
      errors: tooMany('The class', '3'),
    },
  ],
});
