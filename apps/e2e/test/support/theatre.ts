import type { Browser } from 'playwright-core';
import { launchChromium } from './chromium.js';
import { Stage, type StageOptions } from './stage.js';

export interface Theatre {
  readonly stage: Stage;
  readonly chromium: Browser;
}

/** Starts applications and a browser before the tests of a file, and stops whichever of them started afterwards. */
export function useTheatre(options: StageOptions = {}): Theatre {
  jest.setTimeout(60_000);
  let stage: Stage | undefined;
  let chromium: Browser | undefined;
  beforeAll(async () => {
    const both = await Promise.allSettled([
      Stage.set(options).then((set) => void (stage = set)),
      launchChromium().then((launched) => void (chromium = launched)),
    ]);
    for (const one of both) if (one.status === 'rejected') throw one.reason;
  });
  afterAll(async () => {
    await chromium?.close();
    await stage?.strike();
  });
  return {
    get stage() {
      return required(stage);
    },
    get chromium() {
      return required(chromium);
    },
  };
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('available only while tests run');
  return value;
}
