// <button data-reveal="id of a password field" data-hide="Hide">Show</button>
import { onClick } from './dom.js';

onClick('[data-reveal]', (button) => {
  const field = document.getElementById(button.dataset.reveal);
  const isShown = field.type === 'text';
  button.dataset.show ??= button.textContent;
  field.type = isShown ? 'password' : 'text';
  button.textContent = isShown ? button.dataset.show : button.dataset.hide;
  button.setAttribute('aria-pressed', String(!isShown));
  field.focus();
});

// The browser must not save a visible password as the text of an ordinary field.
document.addEventListener('submit', ({ target }) => {
  for (const button of target.querySelectorAll('[data-reveal]')) {
    const field = document.getElementById(button.dataset.reveal);
    if (field) field.type = 'password';
  }
});
