import { changedMembers } from './changed-members';

describe('the members that a change changed', () => {
  it('are those that differ, with both values', () => {
    expect(
      changedMembers(
        { name: 'Ada', email: 'a@example.org', roles: ['user'] },
        { name: 'Ada', email: null, roles: ['user', 'admin'] },
      ),
    ).toEqual({
      email: { before: 'a@example.org', after: null },
      roles: { before: ['user'], after: ['user', 'admin'] },
    });
  });

  it('treat a member that is missing, undefined or null as the same', () => {
    expect(changedMembers({ name: undefined }, { name: null })).toEqual({});
    expect(changedMembers({}, { name: 'Ada' })).toEqual({ name: { before: null, after: 'Ada' } });
  });

  it('do not depend on the order of members', () => {
    expect(
      changedMembers({ address: { city: 'Paris', street: 'Rue' } }, { address: { street: 'Rue', city: 'Paris' } }),
    ).toEqual({});
  });

  it('mark secrets as changed without their values', () => {
    expect(JSON.stringify(changedMembers({ secret: 'first one' }, { secret: 'second one' }, ['secret']))).toBe(
      '{"secret":"changed"}',
    );
  });

  it('show only the elements that were added to or removed from a long list', () => {
    const uris = Array.from({ length: 12 }, (_each, index) => `https://app.example/a/long/path/of/an/address/${index}`);
    const changed = changedMembers({ uris }, { uris: [...uris.slice(1), 'https://evil.test/cb'] });
    expect(changed).toEqual({ uris: { before: `… "${uris[0]}"`, after: '… "https://evil.test/cb"' } });
  });

  it('show some of many elements, truncated, and the number of the others', () => {
    const long = Array.from({ length: 25 }, (_each, index) => `${index}`.padEnd(2000, 'x'));
    const { uris } = changedMembers({}, { uris: long }) as { uris: { before: unknown; after: string } };
    expect(uris.before).toBe('…');
    expect(uris.after).toMatch(/ and 5 more$/);
    expect(uris.after.length).toBeLessThan(20 * 130);
  });

  it('show a long string from shortly before the first difference', () => {
    const text = 'x'.repeat(1000);
    expect(changedMembers({ text: `${text}a` }, { text: `${text}b` })).toEqual({
      text: { before: expect.stringMatching(/^…x{40}a"$/), after: expect.stringMatching(/^…x{40}b"$/) },
    });
  });

  it('show a long list whose order changed', () => {
    const list = ['a'.repeat(400), 'b'.repeat(400)];
    const start = (letter: string): unknown => expect.stringMatching(new RegExp(`^\\["${letter}+…$`));
    expect(changedMembers({ list }, { list: [...list].reverse() })).toEqual({
      list: { before: start('a'), after: start('b') },
    });
  });

  it('are bounded in number and in length', () => {
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_each, index) => [`member${index}`, 'x'.repeat(1000)]),
    );
    const changed = changedMembers({}, many);
    expect(Object.keys(changed)).toHaveLength(50);
    expect(JSON.stringify(changed).length).toBeLessThan(50 * 400);
  });
});
