import { fileURLToPath } from 'node:url';

/** The checkout's own folder, without a slash at the end. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
export const benchFolder = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
