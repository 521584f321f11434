/** Counts checks and prints one line for each. */
export class Report {
  passed = 0;
  failed = 0;
  /** Successful responses under load, so far. */
  responses = 0;
  /** Whether the part could not be run here. */
  skipped = false;

  constructor(part) {
    this.part = part;
  }

  /** @param {string} [more] figures that belong to the check, or what went wrong */
  check(name, holds, more = '') {
    const line = `${this.part}: ${name}${more === '' ? '' : ` (${more})`}`;
    if (holds) this.passed += 1;
    else this.failed += 1;
    console.log(holds ? `ok    ${line}` : `FAIL  ${line}`);
  }

  /** A check over many things: it holds when none of them failed, and when there was at least one. */
  all(name, count, failures) {
    const shown = failures.slice(0, 3).join('; ');
    if (failures.length > 0) this.check(name, false, `${failures.length} of ${count}: ${shown}`);
    else this.check(name, count > 0, `${count}`);
  }

  /** That a load saw right answers and no others; counts them for the part's minimum. */
  answers(name, { requests, faults }) {
    this.responses += requests.answered;
    this.all(name, requests.answered, faults);
  }

  /** The same report, whose lines begin with a name. */
  named(name) {
    return Object.assign(Object.create(this), {
      check: (text, ...more) => this.check(`${name}: ${text}`, ...more),
      answers: (text, load) => this.answers(`${name}: ${text}`, load),
    });
  }

  /** A run that saw too little has shown nothing. */
  enoughResponses(least) {
    this.check(`at least ${least} responses under load`, this.responses >= least, `${this.responses}`);
  }

  /** @param why the part cannot be run here */
  skip(why) {
    this.skipped = true;
    this.note(`not run: ${why}`);
  }

  note(text) {
    console.log(`      ${this.part}: ${text}`);
  }
}
