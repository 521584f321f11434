// <input data-filter="selector of a list">: hides the items that do not contain the text. Without this script the form
// that contains the field asks the server.
import { all } from './dom.js';

document.addEventListener('input', ({ target }) => {
  const list = target.dataset?.filter;
  if (!list) return;
  const text = target.value.trim().toLowerCase();
  for (const item of all(`:is(${list}) > li`)) item.hidden = !item.textContent.toLowerCase().includes(text);
});
