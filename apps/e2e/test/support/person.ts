export interface Person {
  readonly username: string;
  readonly password: string;
}
