import { Command } from '@commander-js/extra-typings';
import type { CommandGroup } from '../command.js';

export const doctorGroup = {
  heading: 'Installation and database:',
  description: 'Diagnostics',
  commands: {
    doctor: new Command().description('Check the installation and say what to fix; exit status 1 if there is an error'),
  },
} satisfies CommandGroup;
