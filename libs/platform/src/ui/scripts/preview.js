// <div data-preview>: shows the name, the accent color and the background while they are entered. Without this script it shows what was saved.
import { all } from './dom.js';

document.addEventListener('input', ({ target }) => {
  for (const preview of all('[data-preview]')) {
    if (target.name === 'product_name')
      for (const name of all('[data-preview-name]', preview)) name.textContent = target.value;
    if (target.name === 'background') preview.classList.toggle('preview-plain', target.value === 'plain');
    if (target.name !== 'accent') continue;
    if (/^#[0-9a-f]{6}$/i.test(target.value)) preview.style.setProperty('--brand', target.value);
    else preview.style.removeProperty('--brand');
  }
});
