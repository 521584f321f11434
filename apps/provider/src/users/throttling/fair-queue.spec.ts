import { FairQueue, QueueFull, type QueueSource } from './fair-queue';

const part = { maxWaiting: 6, maxOfSource: 4 };
const limits = { slots: 1, anonymous: part, identified: part };

/** A source without an account, in a separate network unless one is given. */
function at(key: string, network = `network of ${key}`): QueueSource {
  return { key, network, isIdentified: false };
}

function account(key: string, network = `network of ${key}`): QueueSource {
  return { key, network, isIdentified: true };
}

/** A queue whose only slot is taken until `open` is called, and the order in which tasks ran. */
function blocked(): {
  queue: FairQueue;
  ran: string[];
  add: (source: QueueSource | string | undefined, name: string) => Promise<void>;
  open: () => Promise<void>;
} {
  const queue = new FairQueue(limits);
  const ran: string[] = [];
  let open: () => void = () => undefined;
  const first = queue.run(at('first'), () => new Promise<void>((resolve) => (open = resolve)));
  return {
    queue,
    ran,
    add: (source, name) =>
      queue.run(typeof source === 'string' ? at(source) : source, () => Promise.resolve(void ran.push(name))),
    open: () => (open(), first),
  };
}

describe('a fair queue', () => {
  it('serves waiting tasks round robin by source, in order within each source', async () => {
    const { ran, add, open } = blocked();
    const all = [add('a', 'a1'), add('a', 'a2'), add('a', 'a3'), add('b', 'b1'), add('c', 'c1'), add('b', 'b2')];
    await Promise.all([open(), ...all]);
    expect(ran).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('rejects too many tasks of one source, and of that source only', async () => {
    const { ran, add, open } = blocked();
    const all = ['a1', 'a2', 'a3', 'a4'].map((name) => add('a', name));
    await expect(add('a', 'a5')).rejects.toMatchObject({ name: 'QueueFull', of: 'source' });
    await Promise.all([open(), ...all, add('b', 'b1')]);
    expect(ran).toHaveLength(5);
  });

  it('drops the newest task of the largest source when it is full and a smaller one arrives', async () => {
    const { queue, ran, add, open } = blocked();
    const kept = [add('a', 'a1'), add('a', 'a2'), add('a', 'a3')];
    const dropped = expect(add('a', 'a4')).rejects.toMatchObject({ of: 'source' });
    kept.push(add('b', 'b1'), add('b', 'b2'), add('c', 'c1'));
    await dropped;
    expect(queue.backlog).toBe(part.maxWaiting);
    await Promise.all([open(), ...kept]);
    expect(ran).not.toContain('a4');
    expect(ran).toHaveLength(part.maxWaiting);
  });

  it('rejects every source when it is full and none has more tasks than another', async () => {
    const { add, open } = blocked();
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((source) => add(source, source));
    await expect(add('g', 'g')).rejects.toEqual(new QueueFull('queue'));
    await Promise.all([open(), ...all]);
  });

  it('drops waiting tasks of others for internal tasks', async () => {
    const { ran, add, open } = blocked();
    const others = Promise.allSettled(['a', 'b', 'c', 'd', 'e', 'f'].map((source) => add(account(source), source)));
    const own = add(undefined, 'own');
    await Promise.all([open(), own]);
    const refused = (await others).filter(({ status }) => status === 'rejected');
    expect(refused).toEqual([{ status: 'rejected', reason: new QueueFull('queue') }]);
    expect(ran).toContain('own');
    expect(ran).toHaveLength(part.maxWaiting);
  });

  it('lets internal tasks fill it, and then rejects more', async () => {
    const { add, open } = blocked();
    const all = Array.from({ length: part.maxWaiting }, (_each, index) => add(undefined, String(index)));
    await expect(add(undefined, 'one more')).rejects.toMatchObject({ of: 'queue' });
    await Promise.all([open(), ...all]);
  });

  it('continues after a failed task', async () => {
    const queue = new FairQueue(limits);
    const failed = queue.run(at('a'), () => Promise.reject(new Error('it failed')));
    const next = queue.run(at('a'), () => Promise.resolve('done'));
    await expect(failed).rejects.toThrow('it failed');
    await expect(next).resolves.toBe('done');
    expect(queue.backlog).toBe(0);
  });

  it('serves networks round robin before the sources within each', async () => {
    const { ran, add, open } = blocked();
    const many = ['a', 'b', 'c', 'd'].map((key) => add(at(key, 'wide'), key));
    const few = [add('e', 'e1'), add('e', 'e2')];
    await Promise.all([open(), ...many, ...few]);
    expect(ran).toEqual(['a', 'e1', 'b', 'e2', 'c', 'd']);
  });

  it('drops tasks of the largest network, regardless of its number of sources, when another network arrives', async () => {
    const { ran, add, open } = blocked();
    const wide = Promise.allSettled(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => add(at(key, 'wide'), key)));
    const others = ['v', 'w'].map((key) => add(key, key));
    await expect(add(at('g', 'wide'), 'g')).rejects.toEqual(new QueueFull('queue'));
    await Promise.all([open(), ...others]);
    expect((await wide).filter(({ status }) => status === 'rejected')).toHaveLength(2);
    expect(ran.slice(0, 4).sort()).toEqual(expect.arrayContaining(['v', 'w']));
  });

  it('displaces a larger source of the same network', async () => {
    const { ran, add, open } = blocked();
    const flood = Promise.allSettled(
      ['a1', 'a2', 'a3', 'b1', 'b2', 'b3'].map((name) => add(at(name.charAt(0), 'wide'), name)),
    );
    const neighbor = add(at('c', 'wide'), 'c');
    await Promise.all([open(), neighbor]);
    expect((await flood).filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(ran).toContain('c');
  });

  it('counts a source from all networks together', async () => {
    const { add, open } = blocked();
    const all = ['1', '2', '3', '4'].map((network) => add(account('a', network), network));
    await expect(add(account('a', '5'), '5')).rejects.toEqual(new QueueFull('source'));
    await Promise.all([open(), ...all]);
  });

  it('reserves places for identified sources when anonymous ones are full, and vice versa', async () => {
    for (const [crowd, other] of [
      [at, account],
      [account, at],
    ] as const) {
      const { add, open } = blocked();
      const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => add(crowd(key), key));
      await expect(add(crowd('g'), 'g')).rejects.toEqual(new QueueFull('queue'));
      await Promise.all([open(), ...all, add(other('h'), 'h')]);
    }
  });

  it('serves identified sources first, and an anonymous one every fourth time', async () => {
    const { ran, add, open } = blocked();
    const all = [
      ...['a', 'b'].map((key) => add(key, key)),
      ...['1', '2', '3', '4', '5'].map((key) => add(account(key), key)),
    ];
    await Promise.all([open(), ...all]);
    expect(ran).toEqual(['1', '2', '3', 'a', '4', '5', 'b']);
  });

  it('has an empty backlog once all tasks ran', async () => {
    const { queue, add, open } = blocked();
    await Promise.all([open(), ...['a', 'a', 'b', 'c'].map((key) => add(key, key)), add(account('x'), 'x')]);
    expect(queue.backlog).toBe(0);
    await expect(queue.run(at('a'), () => Promise.resolve('done'))).resolves.toBe('done');
  });
});
