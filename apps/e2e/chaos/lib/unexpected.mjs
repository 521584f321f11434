/** An answer that no way of a login gives. */
export class Unexpected extends Error {
  constructor(path, answer) {
    super(`${path} answered ${answer.status}: ${answer.text.slice(0, 200).replace(/\s+/g, ' ')}`);
    Object.assign(this, { answer });
  }
}
