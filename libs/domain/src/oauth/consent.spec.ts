import fc from 'fast-check';
import { allowScopes, missingScopes, nothingAllowed, type RequestedScopes } from './consent.js';

const a = 'https://a.example/';
const b = 'https://b.example/';

describe('remembered scopes', () => {
  const request = fc.record({
    scope: fc.subarray(['openid', 'offline_access', 'gatehouse:read', 'read', 'write']),
    resources: fc.subarray([a, b]),
  });

  it.each<[string, readonly RequestedScopes[], RequestedScopes, readonly string[] | undefined]>([
    ['nothing was allowed', [], { scope: ['openid', 'read'] }, ['openid', 'read']],
    ['nothing was allowed, and nothing but an API is requested', [], { scope: [], resources: [a] }, []],
    ['nothing at all is requested', [], { scope: [] }, undefined],
    [
      'the same request',
      [{ scope: ['openid', 'read'], resources: [a] }],
      { scope: ['openid', 'read'], resources: [a] },
      undefined,
    ],
    ['the scope at another API', [{ scope: ['read'], resources: [a] }], { scope: ['read'], resources: [b] }, ['read']],
    ['the scope at no API', [{ scope: ['read'], resources: [a] }], { scope: ['read'] }, ['read']],
    [
      'the scope of a request without an API, at one',
      [{ scope: ['read'] }],
      { scope: ['read'], resources: [a] },
      ['read'],
    ],
    ['one more API', [{ scope: ['read'], resources: [a] }], { scope: ['read'], resources: [a, b] }, ['read']],
    [
      'both APIs, allowed together',
      [{ scope: ['read'], resources: [a, b] }],
      { scope: ['read'], resources: [b] },
      undefined,
    ],
    [
      'both APIs, allowed one after the other',
      [
        { scope: ['read'], resources: [a] },
        { scope: ['read'], resources: [b] },
      ],
      { scope: ['read'], resources: [a, b] },
      undefined,
    ],
    [
      'the scope of the second API at the first',
      [
        { scope: ['read'], resources: [a] },
        { scope: ['write'], resources: [b] },
      ],
      { scope: ['write'], resources: [a] },
      ['write'],
    ],
    [
      'a standard scope, allowed beside an API',
      [{ scope: ['openid', 'read'], resources: [a] }],
      { scope: ['openid'] },
      undefined,
    ],
    [
      'a standard scope, allowed beside another API',
      [
        { scope: ['openid', 'read'], resources: [a] },
        { scope: ['write'], resources: [b] },
      ],
      { scope: ['openid', 'write'], resources: [b] },
      undefined,
    ],
    [
      'an API without any scope of it',
      [{ scope: ['openid'], resources: [a] }],
      { scope: ['openid'], resources: [a] },
      undefined,
    ],
    [
      'an API without any scope of it, for the first time',
      [{ scope: ['openid'] }],
      { scope: ['openid'], resources: [a] },
      [],
    ],
  ])('%s', (_name, allowed, asked, missing) => {
    expect(missingScopes(allowed.reduce(allowScopes, nothingAllowed), asked)).toEqual(missing);
  });

  it('answer a request without a question only where each of its scopes was allowed at each of its APIs', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 6 }), request, (allowed, asked) => {
        const places = asked.resources.length === 0 ? [undefined] : asked.resources;
        const wasAllowedAt = (scope: string, place: string | undefined): boolean =>
          allowed.some(
            (each) =>
              each.scope.includes(scope) &&
              (/^(openid|offline_access|gatehouse:.*)$/.test(scope) ||
                (place === undefined ? each.resources.length === 0 : each.resources.includes(place))),
          );
        const expected =
          places.every((place) => asked.scope.every((scope) => wasAllowedAt(scope, place))) &&
          asked.resources.every((place) => allowed.some((each) => each.resources.includes(place)));
        expect(missingScopes(allowed.reduce(allowScopes, nothingAllowed), asked) === undefined).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('allow a request that was allowed, whatever else was', () => {
    fc.assert(
      fc.property(
        fc.array(request, { maxLength: 4 }),
        request,
        fc.array(request, { maxLength: 4 }),
        (before, asked, after) => {
          expect(
            missingScopes([...before, asked, ...after].reduce(allowScopes, nothingAllowed), asked),
          ).toBeUndefined();
        },
      ),
    );
  });
});

describe('scopes that not every requested API defines', () => {
  const definedScopes = new Map([
    ['https://a.example', ['read']],
    ['https://b.example', ['write']],
  ]);
  const request = {
    scope: ['openid', 'read', 'write', 'send'],
    resources: ['https://a.example', 'https://b.example'],
    definedScopes,
  };
  const allowed = allowScopes(nothingAllowed, request);

  it('are allowed only where they are defined, and the request is answered without a question', () => {
    expect(Object.fromEntries(allowed.resourceScopes)).toEqual({
      'https://a.example': ['read'],
      'https://b.example': ['write'],
    });
    expect(allowed.scope).toEqual(['openid', 'send']);
    expect(missingScopes(allowed, request)).toBeUndefined();
  });

  it('are asked for once an API defines them later', () => {
    const later = new Map(definedScopes).set('https://a.example', ['read', 'write', 'send']);
    expect(missingScopes(allowed, { ...request, definedScopes: later })).toEqual(['write', 'send']);
    const alone = { scope: ['write'], resources: ['https://a.example'], definedScopes: later };
    expect(missingScopes(allowed, alone)).toEqual(['write']);
  });
});
