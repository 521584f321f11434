import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { matching } from '@gatehouse/platform/command-line';
import type { CommandGroup } from '../command.js';

function instant(value: string): string {
  if (!/^\d{4}-\d{2}-\d{2}/.test(value) || Number.isNaN(Date.parse(value)))
    throw new InvalidArgumentError('Give a day or an instant, such as 2026-11-25 or 2026-11-25T08:00:00Z.');
  return value;
}

export const auditGroup = {
  name: 'audit',
  heading: 'Keys, messages and audit log:',
  description: 'Verify and export the audit log',
  commands: {
    verify: new Command()
      .description('Check that no event was changed, removed or added; exit status 1 if one was')
      .option(
        '--head <hash>',
        'Head that an earlier run printed: finds events removed from the end too',
        matching(/^[0-9a-f]{64}$/, '64 hexadecimal digits'),
      ),
    export: new Command()
      .description('Print the events as JSON lines')
      .option('--since <instant>', 'Only events from this day or instant on', instant)
      .option('--until <instant>', 'Only events before this day or instant', instant),
  },
} satisfies CommandGroup;
