import { AcceptIssuer } from '../database/operations/accept-issuer.js';
import type { Command } from './command.js';

const acceptIssuer: Command = {
  name: 'store accept-issuer',
  options: {},
  run: async ({ execute, settings }) => {
    await execute(AcceptIssuer, {});
    return {
      json: { issuer: settings.issuer },
      text: `this database belongs to the issuer ${settings.issuer} from now on`,
    };
  },
};

export const storeCommands: readonly Command[] = [acceptIssuer];
