import { addSeconds, epochSeconds } from '@gatehouse/domain/kernel';
import { ConcurrencyBudget, acquireAll, RateBudget } from './budgets';

const now = epochSeconds(1_800_000_000);

describe('RateBudget', () => {
  it('gives each key its own number in a window, and the same again in the next one', () => {
    const budget = new RateBudget({ limit: 2, seconds: 60 });
    expect([budget.take('a', now), budget.take('a', now), budget.take('a', now)]).toEqual([true, true, false]);
    expect(budget.take('b', now)).toBe(true);
    expect(budget.take('a', addSeconds(now, 59))).toBe(false);
    expect([1, 2, 3].map(() => budget.take('a', addSeconds(now, 60)))).toEqual([true, true, false]);
  });

  it('remembers 10,000 keys, and forgets the one whose window began first', () => {
    const budget = new RateBudget({ limit: 1, seconds: 60 });
    for (let n = 0; n < 10_000; n++) budget.take(String(n), now);
    expect(budget.take('0', now)).toBe(false);
    budget.take('one more', now);
    expect([budget.take('1', now), budget.take('0', now)]).toEqual([false, true]);
  });
});

describe('ConcurrencyBudget', () => {
  it('holds in all and per key, and takes a place back', () => {
    const budget = new ConcurrencyBudget({ limit: 3, maxPerKey: 2 });
    const leave = budget.enter('a');
    budget.enter('a');
    expect(budget.enter('a')).toBeUndefined();
    budget.enter('b');
    expect(budget.enter('c')).toBeUndefined();
    leave?.();
    expect(budget.enter('c')).toBeDefined();
    expect(budget.enter('c')).toBeUndefined();
  });
});

describe('enterAll', () => {
  it('takes no place anywhere where one is missing', () => {
    const [wide, full] = [
      new ConcurrencyBudget({ limit: 2, maxPerKey: 2 }),
      new ConcurrencyBudget({ limit: 1, maxPerKey: 1 }),
    ];
    const leave = acquireAll([wide, 'a'], [full, 'b']);
    expect(leave).toBeDefined();
    expect(acquireAll([wide, 'a'], [full, 'b'])).toBeUndefined();
    leave?.();
    expect([acquireAll([wide, 'a']), acquireAll([wide, 'a']), acquireAll([wide, 'a'])].filter(Boolean)).toHaveLength(2);
  });
});
