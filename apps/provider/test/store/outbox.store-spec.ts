import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { statement } from '@gatehouse/platform/database/store';
import { backOffSeconds } from '../../src/outbox/back-off';
import type { Delivery, DeliveryAttempt, OutboxKind } from '../../src/outbox/outbox-kind';
import { OutboxWorker } from '../../src/outbox/outbox-worker';
import { leaseSeconds, Outbox } from '../../src/outbox/outbox.service';
import { maxWaitingPerDestination } from '../../src/outbox/outbox.statements';
import { engines } from '../support/engines';
import { eventually } from '../support/eventually';
import { startProvider, type TestProvider } from '../support/provider';
import { purge } from '../support/tokens';

jest.setTimeout(120_000);

const rows = {
  all: statement('test.outbox_all', 'SELECT selector, payload_sealed FROM outbox_messages ORDER BY selector'),
  swap: statement('test.outbox_swap', 'UPDATE outbox_messages SET payload_sealed = $2 WHERE selector = $1'),
  fill: statement(
    'test.outbox_fill',
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${maxWaitingPerDestination})
     INSERT INTO outbox_messages (selector, kind, destination, payload_sealed, created_at, expires_at, due_at, attempts)
     SELECT i, 'test', 'full', '', 1, 9999999999, 9999999999, 0 FROM n`,
  ),
};

/** A receiver that a test tells what to answer. */
class Receiver implements OutboxKind {
  readonly lifetimeSeconds = 3600;
  readonly maxAttempts = 3;
  readonly maxAtOnce = 32;
  readonly got: { payload: unknown; attempt: DeliveryAttempt }[] = [];
  answer: (payload: unknown, attempt: DeliveryAttempt) => Promise<Delivery> = () =>
    Promise.resolve({ outcome: 'delivered' });

  constructor(readonly name: string) {}

  deliver(payload: unknown, attempt: DeliveryAttempt): Promise<Delivery> {
    this.got.push({ payload, attempt });
    return this.answer(payload, attempt);
  }

  get payloads(): unknown[] {
    return this.got.map(({ payload }) => payload);
  }
}

const never = (signal: AbortSignal): Promise<Delivery> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cut short'))));

describe.each(engines)('the outbox on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  let outbox: Outbox;
  let receiver: Receiver;
  let url: string;
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());
  beforeEach(async () => {
    url = await engine.migratedUrl();
    provider = await startProvider({ databaseUrl: url });
    outbox = provider.app.get(Outbox);
    receiver = new Receiver('test');
    outbox.register(receiver);
  });
  afterEach(() => provider.close());

  const add = (payload: unknown, destination = 'https://one.test', more: { lifetimeSeconds?: number } = {}) =>
    provider.store.run((unit) =>
      outbox.add(unit, { kind: receiver.name, destination, payload, ...more }, provider.clock.now()),
    );
  const due = (now: EpochSeconds) => outbox.due({ kind: receiver.name, except: [], limit: 100 }, now);
  const waiting = async () => (await outbox.backlog()).waiting;
  const nothingWaits = () => eventually(waiting, (count) => count === 0);
  const delivered = (count: number) =>
    eventually(
      () => Promise.resolve(receiver.got.length),
      (n) => n >= count,
    );

  it('delivers what was committed, at once, and forgets it', async () => {
    const began = Date.now();
    for (let round = 0; round < 10; round++) {
      await add({ round });
      await delivered(round + 1);
    }
    // Ten looks by the clock alone would take ten seconds.
    expect(Date.now() - began).toBeLessThan(5000);
    expect(receiver.payloads).toEqual(Array.from({ length: 10 }, (_each, round) => ({ round })));
    expect(await nothingWaits()).toBe(0);
    expect(await provider.store.all(rows.all)).toEqual([]);
  });

  it('delivers nothing that was rolled back', async () => {
    const failed = provider.store.run(async (unit) => {
      await outbox.add(unit, { kind: 'test', destination: 'd', payload: 'never' }, provider.clock.now());
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    await add('after');
    await delivered(1);
    expect(await nothingWaits()).toBe(0);
    expect(receiver.payloads).toEqual(['after']);
  });

  it('gives a message to one of 100 that claim it at once', async () => {
    receiver.answer = (_payload, { signal }) => never(signal);
    await provider.app.get(OutboxWorker).beforeApplicationShutdown();
    await add('one');
    const now = provider.clock.now();
    const found = await due(now);
    expect(found).toHaveLength(1);
    const claims = await Promise.all(Array.from({ length: 100 }, () => outbox.claim(found, now)));
    expect(claims.flat()).toHaveLength(1);
    expect(await due(now)).toEqual([]);
  });

  it('delivers each message once, however many processes share it', async () => {
    const other = await startProvider({
      databaseUrl: url,
      clock: provider.clock,
      env: { GATEHOUSE_SECRET_KEY: provider.secretKey },
    });
    try {
      const theirs = new Receiver('test');
      other.app.get(Outbox).register(theirs);
      const slowly = () => new Promise<Delivery>((resolve) => setTimeout(() => resolve({ outcome: 'delivered' }), 60));
      receiver.answer = slowly;
      theirs.answer = slowly;
      await provider.store.run(async (unit) => {
        for (let index = 0; index < 200; index++)
          await outbox.add(unit, { kind: 'test', destination: `d${index % 20}`, payload: index }, provider.clock.now());
      });
      other.app.get(OutboxWorker).pollNow();
      expect(await nothingWaits()).toBe(0);
      const all = [...receiver.payloads, ...theirs.payloads].map(Number).sort((a, b) => a - b);
      expect(all).toEqual(Array.from({ length: 200 }, (_each, index) => index));
      expect(theirs.got.length).toBeGreaterThan(0);
    } finally {
      await other.close();
    }
  });

  it('takes a message back after its lease when its process died, and lets the slow one change nothing', async () => {
    await provider.app.get(OutboxWorker).beforeApplicationShutdown();
    await add('one');
    const begun = provider.clock.now();
    const [dead] = await outbox.claim(await due(begun), begun);
    provider.clock.advance(leaseSeconds - 1);
    expect(await due(provider.clock.now())).toEqual([]);
    provider.clock.advance(1);
    const now = provider.clock.now();
    const [next] = await outbox.claim(await due(now), now);
    expect(next).toMatchObject({ attempt: 2 });
    if (!dead || !next) throw new Error('nothing was claimed');
    await provider.store.run((unit) => outbox.giveUp(unit, dead, 'late', now));
    await provider.store.run((unit) => outbox.markDelivered(unit, dead));
    expect(await outbox.backlog()).toMatchObject({ waiting: 1, failed: 0 });
    await provider.store.run((unit) => outbox.markDelivered(unit, next));
    expect(await outbox.backlog()).toMatchObject({ waiting: 0, failed: 0 });
  });

  it('tries again after a back-off, gives up after the last attempt, and begins anew when an operator says so', async () => {
    receiver.answer = () => Promise.resolve({ outcome: 'retry', reason: 'status 500' });
    await add('stubborn');
    for (let attempt = 1; attempt <= 3; attempt++) {
      await delivered(attempt);
      await eventually(
        () => outbox.list({ failedOnly: false, limit: 10 }),
        ([message]) => message?.state !== 'being delivered',
      );
      expect(receiver.got).toHaveLength(attempt);
      provider.clock.advance(60);
    }
    const [message] = await outbox.list({ failedOnly: true, limit: 10 });
    expect(message).toMatchObject({
      kind: 'test',
      destination: 'https://one.test',
      state: 'given up',
      attempts: 3,
      lastFailure: 'given up: status 500',
    });
    expect(receiver.got.map(({ attempt }) => attempt.number)).toEqual([1, 2, 3]);

    receiver.answer = () => Promise.resolve({ outcome: 'delivered' });
    const selector = message?.selector ?? 0;
    expect(await provider.store.run((unit) => outbox.retry(unit, [selector], provider.clock.now()))).toBe(1);
    await delivered(4);
    expect(await nothingWaits()).toBe(0);
    expect(await provider.store.run((unit) => outbox.retry(unit, [selector], provider.clock.now()))).toBe(0);
  });

  it('counts what a kind throws as a failure that may pass, and keeps what it said to itself', async () => {
    receiver.answer = () => Promise.reject(new Error('a secret'));
    await add('one');
    await delivered(1);
    const [message] = await eventually(
      () => outbox.list({ failedOnly: false, limit: 10 }),
      ([first]) => first?.lastFailure !== undefined,
    );
    expect(message).toMatchObject({ state: 'waiting', attempts: 1, lastFailure: 'failed here' });
  });

  it('gives up what is too old, without telling it', async () => {
    await provider.app.get(OutboxWorker).beforeApplicationShutdown();
    await add('old', 'd', { lifetimeSeconds: 60 });
    provider.clock.advance(61);
    const second = await startProvider({
      databaseUrl: url,
      clock: provider.clock,
      env: { GATEHOUSE_SECRET_KEY: provider.secretKey },
    });
    try {
      const theirs = new Receiver('test');
      second.app.get(Outbox).register(theirs);
      await eventually(
        async () => (await outbox.backlog()).failed,
        (failed) => failed === 1,
      );
      expect(theirs.got).toEqual([]);
      expect(await outbox.list({ failedOnly: true, limit: 1 })).toMatchObject([{ lastFailure: 'too old' }]);
    } finally {
      await second.close();
    }
  });

  it('is not held up by a destination that never answers', async () => {
    receiver.answer = (payload, { signal }) =>
      payload === 'hang' ? never(signal) : Promise.resolve({ outcome: 'delivered' });
    await provider.store.run(async (unit) => {
      for (let index = 0; index < 200; index++)
        await outbox.add(unit, { kind: 'test', destination: 'dead', payload: 'hang' }, provider.clock.now());
      for (let index = 0; index < 50; index++)
        await outbox.add(unit, { kind: 'test', destination: `d${index}`, payload: index }, provider.clock.now());
    });
    expect(await eventually(waiting, (count) => count === 200)).toBe(200);
    expect(receiver.payloads.filter((payload) => payload === 'hang')).toHaveLength(2);
  });

  it('asks a destination that is down with one message at a time, and lets the others wait', async () => {
    receiver.answer = () => Promise.resolve({ outcome: 'retry', reason: 'unreachable', destinationDown: true });
    await provider.store.run(async (unit) => {
      for (let index = 0; index < 100; index++)
        await outbox.add(unit, { kind: 'test', destination: 'down', payload: index }, provider.clock.now());
    });
    await eventually(
      async () => (await due(provider.clock.now())).length,
      (count) => count === 0,
    );
    expect(receiver.got.length).toBeLessThanOrEqual(2);
    provider.clock.advance(10);
    await eventually(
      () => Promise.resolve(receiver.got.length),
      (count) => count >= 3,
    );
    await eventually(
      async () => (await due(provider.clock.now())).length,
      (count) => count === 0,
    );
    expect(receiver.got.length).toBeLessThanOrEqual(4);
    receiver.answer = () => Promise.resolve({ outcome: 'delivered' });
    provider.clock.advance(60);
    expect(await nothingWaits()).toBe(0);
  });

  it('lets no destination fill it', async () => {
    await provider.store.run((unit) => unit.change(rows.fill));
    expect(await add('one more', 'full')).toBe(false);
    expect(await add('elsewhere')).toBe(true);
    // Counted by kind: what strangers' clients cause at an origin leaves room for others there.
    const other = new Receiver('other');
    outbox.register(other);
    const added = await provider.store.run((unit) =>
      outbox.add(unit, { kind: 'other', destination: 'full', payload: 1 }, provider.clock.now()),
    );
    expect(added).toBe(true);
  });

  it('keeps what it says sealed, each in its own row', async () => {
    await provider.app.get(OutboxWorker).beforeApplicationShutdown();
    await add('a secret link');
    await add('another');
    const [first, second] = await provider.store.all<{ selector: number; payload_sealed: string }>(rows.all);
    expect(JSON.stringify(first)).not.toContain('secret');
    await provider.store.run((unit) => unit.change(rows.swap, Number(first?.selector), second?.payload_sealed ?? ''));
    const now = provider.clock.now();
    const [message, other] = await outbox.claim(await due(now), now);
    if (!message || !other) throw new Error('nothing was claimed');
    expect(() => outbox.payloadOf(message)).toThrow('cannot be opened for this location');
    expect(outbox.payloadOf(other)).toBe('another');
  });

  it('rejects unregistered kinds, two of one name, and oversized payloads', async () => {
    expect(() => outbox.register(new Receiver('test'))).toThrow('already registered');
    await expect(
      provider.store.run((unit) =>
        outbox.add(unit, { kind: 'other', destination: 'd', payload: 1 }, provider.clock.now()),
      ),
    ).rejects.toThrow('unknown message kind');
    await expect(add('x'.repeat(50_000))).rejects.toThrow(RangeError);
  });

  it('leaves messages of kinds that this version does not know to another, behind none of them', async () => {
    const other = new Receiver('newer');
    const second = await startProvider({
      databaseUrl: url,
      clock: provider.clock,
      env: { GATEHOUSE_SECRET_KEY: provider.secretKey },
    });
    second.app.get(Outbox).register(other);
    await second.app.get(OutboxWorker).beforeApplicationShutdown();
    try {
      await second.store.run(async (unit) => {
        for (let index = 0; index < 100; index++)
          await second.app
            .get(Outbox)
            .add(unit, { kind: 'newer', destination: 'n', payload: index }, provider.clock.now());
      });
      await add('known');
      expect(await eventually(waiting, (count) => count === 100)).toBe(100);
      expect(receiver.payloads).toEqual(['known']);
    } finally {
      await second.close();
    }
  });

  it('gives back at once what the end of its process cut short, as if it had not been taken', async () => {
    receiver.answer = (_payload, { signal }) => never(signal);
    await add('cut');
    await delivered(1);
    await provider.app.get(OutboxWorker).beforeApplicationShutdown();
    expect(await outbox.list({ failedOnly: false, limit: 1 })).toMatchObject([{ state: 'waiting', attempts: 0 }]);
    expect(await due(provider.clock.now())).toHaveLength(1);
  });

  it('is purged of what was given up, three days later', async () => {
    receiver.answer = () => Promise.resolve({ outcome: 'give up', reason: 'status 400' });
    await add('one');
    await eventually(
      async () => (await outbox.backlog()).failed,
      (failed) => failed === 1,
    );
    provider.clock.advance(3 * 24 * 3600 - 1);
    await purge(provider);
    expect((await outbox.backlog()).failed).toBe(1);
    provider.clock.advance(1);
    await purge(provider);
    expect((await outbox.backlog()).failed).toBe(0);
  });
});

describe('the back-off', () => {
  it('doubles, up to half an hour, and is spread', () => {
    expect([1, 2, 3, 4].map((failures) => backOffSeconds(failures, 0.999_999))).toEqual([2, 4, 8, 16]);
    expect([1, 2, 3, 4].map((failures) => backOffSeconds(failures, 0))).toEqual([1, 2, 4, 8]);
    expect(backOffSeconds(1000, 0.999_999)).toBe(1800);
    expect(new Set(Array.from({ length: 50 }, () => backOffSeconds(10))).size).toBeGreaterThan(10);
  });
});
