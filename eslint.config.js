import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { maxInjectedDependencies } from './scripts/eslint/max-injected-dependencies.js';

const sources = ['libs/*/src/**/*.ts', 'apps/*/src/**/*.ts'];
const tests = ['**/*.spec.ts', '**/*.fixture.ts', '**/test/**/*.ts'];

/** What STYLE asks for and a program can see; the rest is for readers. */
const everywhere = {
  eqeqeq: ['error', 'always'],
  'no-var': 'error',
  'prefer-const': 'error',
  'no-else-return': 'error',
  'no-return-assign': ['error', 'except-parens'],
  'no-throw-literal': 'error',
  'no-unreachable': 'error',
  'no-unsafe-finally': 'error',
  'no-useless-catch': 'error',
  'no-dupe-keys': 'error',
  'no-duplicate-imports': 'off',
  'no-eval': 'error',
  'no-implied-eval': 'error',
  'no-self-compare': 'error',
  'no-undef-init': 'error',
  'object-shorthand': 'error',
};

export default defineConfig(
  { ignores: ['**/dist/', '**/node_modules/', 'data/', '.nx/', 'coverage/', 'bench/results/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  { files: ['**/*.{js,cjs,mjs,ts}'], rules: everywhere },
  { files: ['**/*.ts'], languageOptions: { parser: tseslint.parser } },
  {
    files: ['libs/**/*.ts', 'apps/**/*.ts'],
    ignores: ['**/jest.config.ts'],
    extends: [tseslint.configs.base],
    languageOptions: {
      parserOptions: {
        project: ['libs/*/tsconfig.spec.json', 'apps/*/tsconfig.spec.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'no-restricted-exports': [
        'error',
        {
          restrictDefaultExports: {
            direct: true,
            named: true,
            defaultFrom: true,
            namedFrom: true,
            namespaceFrom: true,
          },
        },
      ],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { minimumDescriptionLength: 10 }],
      // type imports: by the author. Nest's injection needs the value of a class that looks like a type only.
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-empty-object-type': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-for-in-array': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/no-namespace': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-require-imports': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  // `expect.any(…)` and parsed answers
  { files: tests, rules: { '@typescript-eslint/no-unsafe-assignment': 'off' } },
  {
    files: sources,
    ignores: tests,
    plugins: { local: { rules: { 'max-injected-dependencies': maxInjectedDependencies } } },
    rules: {
      'local/max-injected-dependencies': ['error', { max: 7 }],
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: '@nestjs/common',
              importNames: ['forwardRef'],
              message: 'A cycle is a crash in ESM; draw the arrow one way.',
            },
          ],
        },
      ],
    },
  },
  {
    files: sources,
    ignores: [...tests, 'apps/*/src/server/{program,workers,server}.ts', 'apps/*/src/cli/program.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Settings are parsed once, where the process begins.' },
      ],
    },
  },
  {
    files: ['libs/domain/src/**/*.ts'],
    ignores: tests,
    rules: {
      'no-restricted-globals': ['error', 'process', 'fetch', 'setTimeout', 'setInterval', 'console'],
      'no-restricted-syntax': [
        'error',
        { selector: "MemberExpression[object.name='Date'][property.name='now']", message: 'Time comes in as `now`.' },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time comes in as `now`.' },
      ],
    },
  },
);
