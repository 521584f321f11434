import { Unexpected } from './unexpected.mjs';

/**
 * What a client holds of one authorization: a code, then tokens, each with what the client knows about it.
 * `held` was answered and not sent back; `spent` was sent and answered; `doubtful` was sent, and no answer came.
 */
export class Chain {
  codeIs = 'held';
  accessTokens = [];
  idTokens = [];
  /** The newest refresh token. */
  refreshToken = undefined;
  refreshIs = 'none';
  spentRefreshTokens = [];
  /** Whether its last request was answered with an error. */
  refused = false;

  constructor(provider, code, verifier) {
    Object.assign(this, { provider, code, verifier });
  }

  /** What was answered until now and does not change any more. What is held may be used later, so nothing is known of it. */
  frozen() {
    const frozen = new Chain(this.provider, this.code, this.verifier);
    return Object.assign(frozen, {
      codeIs: this.codeIs === 'spent' ? 'spent' : 'doubtful',
      accessTokens: [...this.accessTokens],
      spentRefreshTokens: [...this.spentRefreshTokens],
    });
  }

  redemption() {
    const { client } = this.provider;
    return {
      grant_type: 'authorization_code',
      code: this.code,
      redirect_uri: client.redirect_uri,
      code_verifier: this.verifier,
    };
  }

  /** @throws Unexpected when it is refused: then nothing is spent */
  async redeem() {
    this.codeIs = 'doubtful';
    const answer = await this.provider.asClient('/oauth/token', this.redemption());
    this.codeIs = answer.status === 200 ? 'spent' : 'held';
    this.take(answer);
  }

  async refresh() {
    const used = this.refreshToken;
    this.refreshIs = 'doubtful';
    const answer = await this.provider.refresh(used);
    this.refreshIs = 'held';
    if (answer.status === 200) this.refreshedAt = Date.now();
    this.take(answer);
    // Clients that authenticate may keep their token (see `--refresh-token-rotation`).
    if (this.refreshToken !== used) this.spentRefreshTokens.push(used);
  }

  take(answer) {
    this.refused = answer.status !== 200;
    if (this.refused) throw new Unexpected('/oauth/token', answer);
    const { access_token, refresh_token, id_token } = JSON.parse(answer.text);
    this.accessTokens.push(access_token);
    if (id_token !== undefined) this.idTokens.push(id_token);
    this.refreshToken = refresh_token;
    this.refreshIs = 'held';
  }
}
