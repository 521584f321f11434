/** @jest-config-loader esbuild-register */
import { preset } from '../../jest.preset.ts';

export default preset('platform', __dirname);
