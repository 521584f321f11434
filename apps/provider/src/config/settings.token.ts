/** Injection token of the frozen settings; their type is `Settings`. */
export const SETTINGS = Symbol('settings');
