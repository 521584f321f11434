/** The database cannot be opened as it is; the message says what to do, and holds no password. */
export class CannotOpenStore extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CannotOpenStore';
  }
}
