import { BuiltInTexts } from '@gatehouse/platform/i18n/built-in-texts';

/** The texts that Gatehouse ships with. src and dist have the same depth. */
export const builtInTexts = new BuiltInTexts(new URL('../../src/i18n/', import.meta.url), ['en', 'de']);
