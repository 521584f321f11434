/** The record exists already, or does not exist: exit status 3. */
export class WrongRecord extends Error {
  constructor(
    readonly code: 'exists' | 'not_found',
    message: string,
  ) {
    super(message);
    this.name = 'WrongRecord';
  }
}

/** The command was understood and refused: exit status 1. */
export class Refused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Refused';
  }
}

/** The command ran and found a problem: exit status 1, and a code of its own with `--json`. */
export class Failed extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'Failed';
  }
}
