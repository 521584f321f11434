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

  it('take a member that is missing, undefined or null for the same', () => {
    expect(changedMembers({ name: undefined }, { name: null })).toEqual({});
    expect(changedMembers({}, { name: 'Ada' })).toEqual({ name: { before: null, after: 'Ada' } });
  });

  it('do not depend on the order of members', () => {
    expect(
      changedMembers({ address: { city: 'Paris', street: 'Rue' } }, { address: { street: 'Rue', city: 'Paris' } }),
    ).toEqual({});
  });

  it('name secrets without their values', () => {
    expect(JSON.stringify(changedMembers({ secret: 'first one' }, { secret: 'second one' }, ['secret']))).toBe(
      '{"secret":"changed"}',
    );
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
