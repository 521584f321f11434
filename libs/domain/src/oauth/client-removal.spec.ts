import { epochSeconds } from '../kernel/index.js';
import { removalProblem } from './client-removal.js';

const at = epochSeconds(1);

describe('removalProblem', () => {
  it.each([
    ['metadata_document', { disabledAt: at }],
    ['metadata_document', { restrictedAt: at }],
  ] as const)('keeps a client of source %s with %j', (source, state) => {
    expect(removalProblem({ source, ...state })).toContain('lift the restriction first');
  });

  it.each([
    ['metadata_document', {}],
    ['registration', { disabledAt: at }],
    ['admin', { disabledAt: at, restrictedAt: at }],
  ] as const)('lets a client of source %s with %j go', (source, state) => {
    expect(removalProblem({ source, ...state })).toBeUndefined();
  });
});
