/** Draws a progress line on a terminal; does nothing elsewhere. @param format formats an amount */
export function showProgressBar(
  name: string,
  { done, total }: { readonly done: number; readonly total: number },
  format: (amount: number) => string,
): void {
  if (!process.stderr.isTTY) return;
  const width = 30;
  const filled = total === 0 ? width : Math.min(width, Math.round((done / total) * width));
  process.stderr.write(
    `\r${name.padEnd(20)} [${'#'.repeat(filled)}${' '.repeat(width - filled)}] ${format(done)}/${format(total)}${done >= total ? '\n' : ''}`,
  );
}

export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000)} MB`;
}
