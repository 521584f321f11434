// The current tab is in view where tabs scroll sideways.
import { all } from './dom.js';

function showCurrent() {
  for (const tab of all('.tabs [aria-current]')) {
    const list = tab.closest('.tabs');
    if (list.scrollWidth > list.clientWidth) tab.scrollIntoView({ block: 'nearest', inline: 'center' });
  }
}

showCurrent();
matchMedia('(max-width: 47.99rem)').addEventListener('change', showCurrent);
