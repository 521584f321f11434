/** @jest-config-loader esbuild-register */
import { preset } from '../../jest.preset.ts';

export default preset('resource-server', __dirname);
