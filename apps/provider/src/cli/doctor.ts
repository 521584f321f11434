import { runCheck, checkNames, type Finding } from '../diagnostics/diagnostics.js';
import { table, type Command } from './command.js';

/** Checks the configuration and the database, and reports what to fix. */
export const doctor: Command = {
  name: 'doctor',
  options: {},
  run: async ({ app, settings, now }) => {
    const findings: { check: string; state: Finding['state']; message: string }[] = [];
    for (const check of checkNames) findings.push({ check, ...(await runCheck(check, { app, settings, now })) });
    const errors = findings.filter(({ state }) => state === 'error').length;
    return {
      json: { findings, errors },
      text: table(
        ['CHECK', 'STATE', 'WHAT'],
        findings.map(({ check, state, message }) => [check, state, message]),
      ),
      exitCode: errors > 0 ? 1 : 0,
    };
  },
};
