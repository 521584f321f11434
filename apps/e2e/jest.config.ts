/** @jest-config-loader esbuild-register */
import { preset } from '../../jest.preset';

export default preset('e2e', __dirname);
