import { Command } from '@commander-js/extra-typings';
import type { CommandGroup } from '../command.js';

const heading = 'Installation and database:';
const description = 'Show and change the settings';

/** Works without a database, too. */
export const settingsListGroup = {
  name: 'settings',
  heading,
  description,
  commands: {
    list: new Command().description('List the effective settings and where they come from, without secrets'),
  },
} satisfies CommandGroup;

export const settingsGroup = {
  name: 'settings',
  heading,
  description,
  commands: {
    set: new Command()
      .description(
        'Change a setting while the server runs. What the environment sets is a floor that this cannot weaken. For the logo, the value is the path of a file.',
      )
      .summary('Change a setting while the server runs')
      .argument('<name>', 'The setting, such as GATEHOUSE_SIGN_UP or sign_up')
      .argument('<value>', 'Its value, as the environment would contain it'),
    unset: new Command()
      .description('Remove a changed value, so that the environment or the default decides again')
      .argument('<name>', 'The setting, such as GATEHOUSE_SIGN_UP or sign_up'),
    'test-message': new Command()
      .description(
        'Send a test message to the confirmed address of an administrator, and report what the mail server says',
      )
      .requiredOption('--username <name>', 'The administrator'),
  },
} satisfies CommandGroup;
