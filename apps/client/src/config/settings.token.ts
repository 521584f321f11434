/** Injection token of the frozen settings; their type is `ClientSettings`. */
export const SETTINGS = Symbol('settings');
