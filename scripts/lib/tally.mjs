/** Counts what passed and what failed over everything, for the plain last line of a run. */
export class Tally {
  passed = 0;
  failed = 0;
  #complaints = [];

  pass(count = 1) {
    this.passed += count;
  }

  fail(complaint, count = 1) {
    this.failed += count;
    this.#complaints.push(complaint);
  }

  /** Says what failed, and ends with `N passed, N failed`. The process' exit status follows. */
  report() {
    if (this.#complaints.length > 0)
      console.log(`\nFailed:\n${this.#complaints.map((line) => `  ${line}`).join('\n')}`);
    console.log(`\n${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}
