import { Person } from './person.mjs';

/** So many people with accounts and live sessions. */
export async function peopleOf(provider, count) {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const person = await Person.signUp(provider, `person-${index}`);
      const browser = person.another();
      await browser.logIn();
      return browser;
    }),
  );
}
