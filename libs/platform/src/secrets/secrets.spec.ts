import { chmodSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyFileError, loadOrCreateKeyFile, parseKey } from './key-file.js';
import { UnsealError, Keyring, openWith, sealWith } from './keyring.js';
import { firstSelectorAt, newId, newSecret, SelectorSource } from './random.js';

describe('random values', () => {
  it('never repeat, over many refills of the pool', () => {
    const secrets = new Set(Array.from({ length: 5000 }, newSecret));
    expect(secrets.size).toBe(5000);
    for (const secret of secrets) expect(secret).toMatch(/^[\w-]{43}$/);
  });

  it('make ids of version 7 that sort by their time (RFC 9562 5.7)', () => {
    const early = newId(1_700_000_000_000);
    expect(early).toMatch(/^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(newId(1_700_000_000_001) > early).toBe(true);
  });
});

describe('selectors', () => {
  it('rise, also within half a millisecond and when the clock is set back', () => {
    let now = 1_800_000_000_000;
    const source = new SelectorSource(7, () => now);
    const made = [source.next(), source.next()];
    now -= 5000;
    made.push(source.next());
    now += 10_000;
    made.push(source.next());
    expect([...made].sort((a, b) => a - b)).toEqual(made);
    expect(new Set(made).size).toBe(4);
    for (const selector of made) {
      expect(selector % 2048).toBe(7);
      expect(Number.isSafeInteger(selector)).toBe(true);
    }
  });

  it('are safe integers until 2094, and comparable with an instant', () => {
    const last = new SelectorSource(2047, () => Date.UTC(2094, 0, 1)).next();
    expect(Number.isSafeInteger(last)).toBe(true);
    const now = 1_800_000_000_000;
    const selector = new SelectorSource(0, () => now).next();
    expect(firstSelectorAt(now)).toBe(selector);
    expect(firstSelectorAt(now + 1) > selector).toBe(true);
  });

  it.each([-1, 2048, 1.5])('refuse the node number %d', (node) => {
    expect(() => new SelectorSource(node)).toThrow(RangeError);
  });
});

describe('a keyring', () => {
  const old = Buffer.alloc(32, 1);
  const fresh = Buffer.alloc(32, 2);
  const place = 'keys.private_key:42';

  it('opens what it sealed, in its place alone', () => {
    const ring = new Keyring([old]);
    const sealed = ring.seal(place, 'ä secret');
    expect(ring.open(place, sealed).toString()).toBe('ä secret');
    expect(sealed).not.toEqual(ring.seal(place, 'ä secret'));
    expect(() => ring.open('keys.private_key:43', sealed)).toThrow(UnsealError);
  });

  it('opens what an older key sealed, and says so', () => {
    const sealed = new Keyring([old]).seal(place, Buffer.from([1, 2, 3]));
    const rotated = new Keyring([fresh, old]);
    expect([...rotated.open(place, sealed)]).toEqual([1, 2, 3]);
    expect(rotated.isSealedByOldKey(sealed)).toBe(true);
    expect(rotated.isSealedByOldKey(rotated.seal(place, ''))).toBe(false);
    expect(() => new Keyring([fresh]).open(place, sealed)).toThrow(UnsealError);
  });

  it.each(['', '.', 'x', 'AAAAAAAA.AAAA'])('opens nothing of %j', (text) => {
    expect(() => new Keyring([old]).open(place, text)).toThrow(UnsealError);
  });

  it('notices every changed character', () => {
    const sealed = sealWith(old, place, 'plain');
    for (let at = 0; at < sealed.length - 1; at += 1) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
      expect(() => openWith(old, place, changed)).toThrow(UnsealError);
    }
  });

  it('derives a key for each purpose from each key, the current first', () => {
    const derived = new Keyring([fresh, old]).derive('csrf');
    expect(derived).toHaveLength(2);
    expect(derived[1]).toEqual(new Keyring([old]).derive('csrf')[0]);
    expect(derived[0]).not.toEqual(new Keyring([fresh]).derive('other')[0]);
  });

  it('takes keys of 32 bytes, one at least', () => {
    expect(() => new Keyring([])).toThrow(RangeError);
    expect(() => new Keyring([Buffer.alloc(31)])).toThrow(RangeError);
  });
});

describe('the key file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'key-file-'));

  it('is made once, for its owner alone, and read ever after', () => {
    const path = join(folder, 'inner', 'provider.key');
    const made = loadOrCreateKeyFile(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(loadOrCreateKeyFile(path)).toEqual(made);
    expect(readdirSync(join(folder, 'inner'))).toEqual(['provider.key']);
  });

  it('is not used when everybody may read it or it holds no key', () => {
    const path = join(folder, 'open.key');
    writeFileSync(path, newSecret());
    chmodSync(path, 0o644);
    expect(() => loadOrCreateKeyFile(path)).toThrow(/chmod 600/);
    writeFileSync(join(folder, 'empty.key'), '', { mode: 0o600 });
    expect(() => loadOrCreateKeyFile(join(folder, 'empty.key'))).toThrow(KeyFileError);
  });

  it('takes base64 of either alphabet', () => {
    expect(parseKey(`${'-_'.repeat(21)}A`)).toEqual(parseKey(`${'+/'.repeat(21)}A=`));
    expect(parseKey('A'.repeat(42))).toBeUndefined();
  });
});
