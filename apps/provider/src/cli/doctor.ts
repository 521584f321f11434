import { look, lookNames, type Finding } from '../diagnostics/diagnostics.js';
import { table, type Command } from './command.js';

/** Checks a set-up, and says what to fix. */
export const doctor: Command = {
  name: 'doctor',
  options: {},
  run: async ({ app, settings, now }) => {
    const findings: { check: string; state: Finding['state']; says: string }[] = [];
    for (const check of lookNames) findings.push({ check, ...(await look(check, { app, settings, now })) });
    const bad = findings.filter(({ state }) => state === 'fix').length;
    return {
      json: { findings, to_fix: bad },
      text: table(
        ['CHECK', 'STATE', 'WHAT'],
        findings.map(({ check, state, says }) => [check, state, says]),
      ),
      exitCode: bad > 0 ? 1 : 0,
    };
  },
};
