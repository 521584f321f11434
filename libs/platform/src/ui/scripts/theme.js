// <button data-theme-switch>: light or dark, kept in a cookie so that the server sends the next page in it at once.
import { onClick } from './dom.js';

const year = 365 * 24 * 60 * 60;
const root = document.documentElement;

onClick('[data-theme-switch]', () => {
  const isDark = root.dataset.theme
    ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = isDark ? 'light' : 'dark';
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `gatehouse_theme=${root.dataset.theme}; Path=/; Max-Age=${year}; SameSite=Lax${secure}`;
});
