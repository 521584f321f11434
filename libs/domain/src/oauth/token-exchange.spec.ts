import { actorBefore, formatExchangeRule, parseExchangeRules } from './token-exchange.js';

describe('parseExchangeRules', () => {
  it('reads what formatExchangeRule writes, blank lines left out', () => {
    const lines = ['https://a.example/', '', '  urn:b   impersonation ', 'urn:c delegation'];
    const parsed = parseExchangeRules(lines);
    if ('problem' in parsed) throw new Error(parsed.problem);
    expect(parsed.rules.map(formatExchangeRule)).toEqual(['https://a.example/', 'urn:b impersonation', 'urn:c']);
  });

  it.each([
    ['a relative identifier', ['/api']],
    ['another word', ['urn:a always']],
    ['a third word', ['urn:a delegation twice']],
    ['fifty-one', Array.from({ length: 51 }, (_, n) => `urn:${n}`)],
  ])('says what is wrong with %s', (_name, lines) => {
    expect(parseExchangeRules(lines)).toHaveProperty('problem');
  });
});

describe('actorBefore', () => {
  it('puts the newest outermost, five at most', () => {
    const chain = ['a', 'b', 'c', 'd', 'e'].reduce<ReturnType<typeof actorBefore> | undefined>(
      (before, sub) => actorBefore(sub, before),
      undefined,
    );
    expect(chain).toEqual({ sub: 'e', act: { sub: 'd', act: { sub: 'c', act: { sub: 'b', act: { sub: 'a' } } } } });
    expect(() => actorBefore('f', chain)).toThrow('At most 5');
  });
});
