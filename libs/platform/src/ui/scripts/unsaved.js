// <form data-guard>: the browser asks before the user leaves the page with unsent changes.
import { all } from './dom.js';

let changed = false;

for (const form of all('form[data-guard]')) {
  form.addEventListener('input', () => (changed = true));
  form.addEventListener('submit', () => (changed = false));
}

addEventListener('beforeunload', (event) => {
  if (changed) event.preventDefault();
});
