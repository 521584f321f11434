/** The applications with a logo: file name, icon in @iconify-json/simple-icons, and brand color. */
export const appLogos = [
  ['argocd', 'argo', '#ef7b4d'],
  ['apple', 'apple', '#000000'],
  ['audiobookshelf', 'audiobookshelf', '#82612c'],
  ['bookstack', 'bookstack', '#0288d1'],
  ['caddy', 'caddy', '#1f88c0'],
  ['cloudflare', 'cloudflare', '#f38020'],
  ['discourse', 'discourse', '#000000'],
  ['freshrss', 'freshrss', '#0062be'],
  ['gitea', 'gitea', '#609926'],
  ['github', 'github', '#181717'],
  ['gitlab', 'gitlab', '#fc6d26'],
  ['google', 'google', '#4285f4'],
  ['grafana', 'grafana', '#f46800'],
  ['harbor', 'harbor', '#60b932'],
  ['homeassistant', 'homeassistant', '#18bcf2'],
  ['immich', 'immich', '#4250af'],
  ['jellyfin', 'jellyfin', '#00a4dc'],
  ['jenkins', 'jenkins', '#d24939'],
  ['keycloak', 'keycloak', '#4d4d4d'],
  ['kubernetes', 'kubernetes', '#326ce5'],
  ['matrix', 'matrix', '#000000'],
  ['mattermost', 'mattermost', '#0058cc'],
  ['minio', 'minio', '#c72e49'],
  ['n8n', 'n8n', '#ff91ac'],
  ['nextcloud', 'nextcloud', '#0082c9'],
  ['nginx', 'nginx', '#009639'],
  ['okta', 'okta', '#007dc1'],
  ['openid', 'openid', '#f78c40'],
  ['outline', 'outline', '#000000'],
  ['paperless', 'paperlessngx', '#17541f'],
  ['portainer', 'portainer', '#13bef9'],
  ['proxmox', 'proxmox', '#e57000'],
  ['rancher', 'rancher', '#0075a8'],
  ['synology', 'synology', '#b5b5b6'],
  ['tailscale', 'tailscale', '#242424'],
  ['traefik', 'traefikproxy', '#24a1c1'],
  ['vaultwarden', 'vaultwarden', '#000000'],
  ['wikijs', 'wikidotjs', '#1976d2'],
];

const DARK = '#101614';

/** The icon in white, or in a dark color where white lacks contrast, on a square of the brand color. */
export function logoSvg(body, brandColor) {
  const luminance = luminanceOf(brandColor);
  const background = luminance > 0.75 ? DARK : brandColor;
  const foreground = luminance > 0.55 && luminance <= 0.75 ? DARK : '#fff';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" rx="11" fill="${background}"/>` +
    `<g transform="translate(11.4 11.4) scale(1.05)" color="${foreground}">${body}</g></svg>\n`
  );
}

/** Relative luminance (WCAG 2.2). */
function luminanceOf(color) {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
