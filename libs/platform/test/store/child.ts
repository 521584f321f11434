import type { DataSourceOptions } from 'typeorm';
import { migrateUp, openSource } from '../../src/database/open-store.js';
import {
  FirstThings1764000000001,
  openThings,
  SecondThings1764000000002,
  ThingColors1795950000101,
  things,
  ThingsBaseline1795900000000,
} from './fixtures.js';

/** Another process with the same database: runs one task, sends the result to its parent, and exits. */
interface Task {
  readonly url: string;
  readonly kind: 'consume' | 'insert' | 'migrate' | 'adopt';
  readonly first: number;
}

/** Tries to change each of ten rows. @returns the number of successful attempts */
async function consume({ url }: Task): Promise<number> {
  const store = await openThings(url);
  let won = 0;
  for (let selector = 1; selector <= 10; selector += 1) {
    const attempts = Array.from({ length: 100 }, () => store.run((unit) => unit.change(things.consume, selector, 1)));
    for (const changed of await Promise.all(attempts)) won += changed;
  }
  await store.close();
  return won;
}

/** The rows whose commits were confirmed. */
async function insert({ url, first }: Task): Promise<number> {
  const store = await openThings(url);
  let written = 0;
  for (let round = 0; round < 20; round += 1) {
    const selectors = Array.from({ length: 20 }, (_, index) => first + round * 20 + index);
    for (const changed of await Promise.all(
      selectors.map((selector) => store.run((unit) => unit.change(things.insert, selector, `t${selector}`))),
    ))
      written += changed;
  }
  await store.close();
  return written;
}

/** The migrations that this process applied. */
async function migrate(
  { url }: Task,
  migrations: NonNullable<DataSourceOptions['migrations']> = [FirstThings1764000000001, SecondThings1764000000002],
): Promise<number> {
  const source = await openSource({ url, entities: [], migrations });
  const ran = await migrateUp(source);
  await source.destroy();
  return ran.length;
}

/** The same with a database that has the migrations that the baseline replaces. */
function adopt(task: Task): Promise<number> {
  return migrate(task, [ThingsBaseline1795900000000, ThingColors1795950000101]);
}

process.once('message', (task: Task) => {
  const work = { consume, insert, migrate, adopt }[task.kind];
  work(task).then(
    (result) => process.send?.({ result }, () => process.disconnect()),
    (error: unknown) => process.send?.({ error: String(error) }, () => process.disconnect()),
  );
});
process.send?.('ready');
