import { existsSync } from 'node:fs';
import type { Config } from 'jest';

/** npm packages that ship only ES modules: Jest transforms them with our own code (see docs/adr/0003-jest-with-swc-to-commonjs.md). */
const esModules = [
  '@nestjs',
  'jose',
  'openid-client',
  'oauth4webapi',
  'uid',
  'load-esm',
  'file-type',
  'token-types',
  'strtok3',
  '@tokenizer',
  'uint8array-extras',
  '@borewit',
  '@formatjs',
  'intl-messageformat',
  '@lukeed',
  'uuid',
  '@noble',
  '@scure',
];

/** What every project's Jest configuration shares; `root` is the project's folder. */
export function preset(displayName: string, root: string): Config {
  return {
    displayName,
    rootDir: root,
    testEnvironment: 'node',
    // The quick run starts no PostgreSQL.
    testPathIgnorePatterns: [
      '/node_modules/',
      ...(process.env['GATEHOUSE_TEST_QUICK'] === '1' ? ['postgres-store'] : []),
      // Minutes of compilers: `npm run test:development`.
      ...(process.env['GATEHOUSE_TEST_DEVELOPMENT'] === '1' ? [] : ['development\\.e2e-spec']),
      // Needs Debian's package; scripts/test.mjs says so where it is missing.
      ...(existsSync('/usr/sbin/pgbouncer') ? [] : ['postgres-pooler']),
    ],
    testMatch: ['<rootDir>/src/**/*.spec.ts', '<rootDir>/test/**/*-spec.ts'],
    transform: {
      '^.+\\.[mc]?[tj]s$': [
        '@swc/jest',
        {
          jsc: {
            target: 'es2022',
            parser: { syntax: 'typescript', decorators: true },
            transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          },
          module: { type: 'commonjs' },
          sourceMaps: 'inline',
        },
      ],
    },
    transformIgnorePatterns: [`/node_modules/(?!(${esModules.join('|')})/)`],
    moduleNameMapper: {
      '^(\\.{1,2}/.*)\\.js$': '$1',
      '^@gatehouse/domain/(.*)$': '<rootDir>/../../libs/domain/src/$1/index',
      '^@gatehouse/resource-server/(.*)$': '<rootDir>/../../libs/resource-server/src/$1',
      '^@gatehouse/platform/(.*)$': '<rootDir>/../../libs/platform/src/$1',
    },
  };
}
