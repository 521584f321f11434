import { AcceptIssuer } from '../../database/operations/accept-issuer.js';
import type { ApplicationActions } from '../command.js';
import type { storeGroup } from '../commands/store.js';

export const storeActions: ApplicationActions<typeof storeGroup> = {
  'accept-issuer': async ({ execute, settings }) => {
    await execute(AcceptIssuer, {});
    return {
      json: { issuer: settings.issuer },
      text: `the issuer of this database is now ${settings.issuer}`,
    };
  },
};
