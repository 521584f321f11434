// <button data-copy="value"> or <button data-copy-from="id of an element"> copies; data-copied and data-not-copied are the
// messages. <button data-download="id of an element" data-file="name.txt"> downloads the element's text.
import { announce, onClick } from './dom.js';

const textOf = (id) => document.getElementById(id)?.textContent.trim() ?? '';

onClick('[data-copy], [data-copy-from]', async ({ dataset }) => {
  const source = dataset.copyFrom && document.getElementById(dataset.copyFrom);
  try {
    await navigator.clipboard.writeText(dataset.copy ?? textOf(dataset.copyFrom));
    announce(dataset.copied);
  } catch {
    if (source) getSelection()?.selectAllChildren(source);
    announce(dataset.notCopied);
  }
});

onClick('[data-download]', ({ dataset }) => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([`${textOf(dataset.download)}\n`], { type: 'text/plain' }));
  link.download = dataset.file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
