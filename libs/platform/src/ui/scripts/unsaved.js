// <form data-guard>: the browser asks before somebody leaves the page with changes that were not sent.
import { all } from './dom.js';

let changed = false;

for (const form of all('form[data-guard]')) {
  form.addEventListener('input', () => (changed = true));
  form.addEventListener('submit', () => (changed = false));
}

addEventListener('beforeunload', (event) => {
  if (changed) event.preventDefault();
});
