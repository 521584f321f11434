// Light or dark, kept in a cookie so that the server sends the next page in it at once. <button data-theme-switch> changes to the
// other one; <a data-theme-choice="light"> (dark, auto) is a link that works without a script, too.
import { all, onClick } from './dom.js';

const year = 365 * 24 * 60 * 60;
const root = document.documentElement;

function choose(theme) {
  if (theme === 'auto') delete root.dataset.theme;
  else root.dataset.theme = theme;
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  const age = theme === 'auto' ? 0 : year;
  document.cookie = `gatehouse_theme=${theme}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
}

onClick('[data-theme-switch]', () => {
  const isDark = root.dataset.theme
    ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  choose(isDark ? 'light' : 'dark');
});

onClick('[data-theme-choice]', (link, event) => {
  event.preventDefault();
  choose(link.dataset.themeChoice);
  for (const each of all('[data-theme-choice]')) each.toggleAttribute('aria-current', each === link);
  link.setAttribute('aria-current', 'true');
});
