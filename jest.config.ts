/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const config: Config = {
  // Whole providers and commands start within tests, on busy machines too. A project's configuration cannot set this.
  testTimeout: 120_000,
  testSequencer: '<rootDir>/scripts/lib/jest-sequencer.cjs',
  projects: [
    '<rootDir>/libs/domain',
    '<rootDir>/libs/platform',
    '<rootDir>/libs/resource-server',
    '<rootDir>/apps/provider',
    '<rootDir>/apps/client',
    '<rootDir>/apps/e2e',
    '<rootDir>/examples/mcp-server',
  ],
};
export default config;
