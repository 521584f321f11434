import { addSeconds, epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';

/** The current time; also the injection token. Domain functions take `now` as a parameter instead. */
export abstract class Clock {
  abstract now(): EpochSeconds;

  /** Milliseconds since the epoch: for durations and ids, not for expiry. */
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

/** A clock that tests set. */
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
