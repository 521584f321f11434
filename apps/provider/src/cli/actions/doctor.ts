import { runCheck, checkNames, type Finding } from '../../diagnostics/diagnostics.js';
import { table, type ApplicationActions } from '../command.js';
import type { doctorGroup } from '../commands/doctor.js';

export const doctorActions: ApplicationActions<typeof doctorGroup> = {
  doctor: async ({ app, settings, now }) => {
    const findings: { check: string; state: Finding['state']; message: string }[] = [];
    for (const check of checkNames) {
      const { state, message } = await runCheck(check, { app, settings, now });
      findings.push({ check, state, message });
    }
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
