// Sets the clock of a whole process back or forward, as its machine's would be: `node --require shifted-clock.cjs`,
// with CLOCK_SHIFT_SECONDS in the environment.
const shift = Number(process.env.CLOCK_SHIFT_SECONDS) * 1000;
const RealDate = Date;

globalThis.Date = class Date extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + shift);
    else super(...parts);
  }

  static now() {
    return RealDate.now() + shift;
  }
};
