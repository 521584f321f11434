import { epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { nodeProblem } from './node-releases.js';

const at = (time: string): EpochSeconds => epochSeconds(Date.parse(time) / 1000);

describe('nodeProblem', () => {
  it.each([
    ['18.20.8', '2025-05-01T00:00:00Z', '2025-04-30'],
    ['20.20.2', '2026-05-01T00:00:00Z', '2026-04-30'],
    ['22.14.0', '2027-05-01T00:00:00Z', '2027-04-30'],
    ['23.11.1', '2025-06-02T00:00:00Z', '2025-06-01'],
    ['24.1.0', '2028-05-01T00:00:00Z', '2028-04-30'],
    ['25.2.0', '2026-06-02T00:00:00Z', '2026-06-01'],
  ])('Node.js %s: from %s on there are no fixes, and a second before there are', (version, time, last) => {
    expect(nodeProblem(version, at(time))).toContain(`Node.js ${version} has had no security fixes since ${last}`);
    expect(nodeProblem(version, epochSeconds(at(time) - 1))).toBeUndefined();
  });

  it('lines older than the table have none', () => {
    expect(nodeProblem('16.20.2', at('2026-01-01T00:00:00Z'))).toContain('no security fixes');
  });

  it('says nothing of lines newer than the table', () => {
    expect(nodeProblem('26.0.0', at('2040-01-01T00:00:00Z'))).toBeUndefined();
    expect(nodeProblem('99.0.0-nightly', at('2040-01-01T00:00:00Z'))).toBeUndefined();
  });
});
