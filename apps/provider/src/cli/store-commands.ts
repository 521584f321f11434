import { RecordedIssuer } from '../database/recorded-issuer.service.js';
import type { Command } from './command.js';

const acceptIssuer: Command = {
  name: 'store accept-issuer',
  options: {},
  run: async ({ app, store, settings, now }) => {
    await store.run((unit) => app.get(RecordedIssuer).accept(unit, now));
    return {
      json: { issuer: settings.issuer },
      text: `this database belongs to the issuer ${settings.issuer} from now on`,
    };
  },
};

export const storeCommands: readonly Command[] = [acceptIssuer];
