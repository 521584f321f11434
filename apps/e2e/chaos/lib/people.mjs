import { Person } from './person.mjs';

/** So many people with accounts and live sessions; `name` tells them from others. */
export async function peopleOf(provider, count, name = 'person') {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const person = await Person.signUp(provider, `${name}-${index}`);
      const browser = person.another();
      await browser.logIn();
      return browser;
    }),
  );
}
