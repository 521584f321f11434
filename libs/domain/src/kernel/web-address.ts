/**
 * True if the host of an http or https address is written as browsers show it. `https:host`, `https:/host`, `https:\\host`,
 * `http://127.1` and `https://ex%61mple.com` are accepted by the URL Standard, and have another host than the one that is displayed,
 * or one where none seems to be.
 * @see URL Standard 4.4 (special schemes)
 */
export function hasWrittenHost(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const [, host] = /^https?:\/\/(?:[^/?#\\]*@)?(\[[^\]/?#\\]*\]|[^:/?#\\]*)/i.exec(address) ?? [];
  return host !== undefined && host.toLowerCase() === new URL(address).hostname;
}
