import { mergePatch } from './merge-patch.js';

// RFC 7396, appendix A: the examples whose target and patch are objects.
it.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('%j patched by %j is %j', (target, patch, outcome) => {
  expect(mergePatch(target, patch)).toEqual(outcome);
});

it('has only own members', () => {
  const patch = JSON.parse('{"__proto__":{"admin":true}}') as Record<string, unknown>;
  expect((mergePatch({}, patch) as { admin?: boolean }).admin).toBeUndefined();
});
