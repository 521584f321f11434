import { addSeconds, epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';

/** Where the time comes from; also the injection token. The domain never asks it: it is given `now`. */
export abstract class Clock {
  abstract now(): EpochSeconds;

  /** Milliseconds since the epoch: for measuring and for ids, never for a lifetime. */
  abstract milliseconds(): number;
}

export class SystemClock extends Clock {
  override now(): EpochSeconds {
    return epochSeconds(Math.floor(Date.now() / 1000));
  }

  override milliseconds(): number {
    return Date.now();
  }
}

/** A clock that tests turn by hand. */
export class ManualClock extends Clock {
  private current: EpochSeconds;

  constructor(start: EpochSeconds = epochSeconds(1_767_225_600)) {
    super();
    this.current = start;
  }

  override now(): EpochSeconds {
    return this.current;
  }

  override milliseconds(): number {
    return this.current * 1000;
  }

  advance(seconds: number): void {
    this.current = addSeconds(this.current, seconds);
  }
}
