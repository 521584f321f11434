/** Counts passed and failed checks for the last line of a run. */
export class Tally {
  passed = 0;
  failed = 0;
  #failures = [];

  pass(count = 1) {
    this.passed += count;
  }

  fail(failure, count = 1) {
    this.failed += count;
    this.#failures.push(failure);
  }

  /** Prints the failures and `N passed, N failed`, and sets the exit code of the process. */
  report() {
    if (this.#failures.length > 0) console.log(`\nFailed:\n${this.#failures.map((line) => `  ${line}`).join('\n')}`);
    console.log(`\n${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}
