/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const config: Config = {
  projects: [
    '<rootDir>/libs/domain',
    '<rootDir>/libs/server',
    '<rootDir>/libs/resource-server',
    '<rootDir>/apps/provider',
    '<rootDir>/apps/client',
    '<rootDir>/apps/e2e',
    '<rootDir>/examples/mcp-server',
  ],
};
export default config;
