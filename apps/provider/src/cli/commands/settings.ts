import { Command } from '@commander-js/extra-typings';
import type { CommandGroup } from '../command.js';

export const settingsGroup = {
  name: 'settings',
  heading: 'Installation and database:',
  description: 'Show the settings',
  commands: {
    list: new Command().description('List the effective settings and where they come from, without secrets'),
  },
} satisfies CommandGroup;
