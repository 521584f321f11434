// Goes on to the application when every frame has loaded, and after a few seconds whatever they do.
(() => {
  'use strict';

  const link = document.querySelector('a[data-continue]');
  if (!link) return;
  const frames = [...document.querySelectorAll('iframe')];
  const loaded = frames.map((frame) => new Promise((resolve) => frame.addEventListener('load', resolve)));
  // This script is deferred: a frame that was faster has loaded already, and the time below is enough for it.
  const patience = new Promise((resolve) => setTimeout(resolve, 3000));
  Promise.race([Promise.all(loaded), patience]).then(() => location.replace(link.href));
})();
