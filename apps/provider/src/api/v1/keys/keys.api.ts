import { Get, Inject, Post } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { keyRepresentation } from '../../../keys/key-representation.js';
import { KeysService } from '../../../keys/keys.service.js';
import { RotateKeys } from '../../../keys/operations/rotate-keys.js';
import { Operations } from '../../../operations/operations.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import { readBodyOf } from '../bodies.js';
import type { Call } from '../call.js';
import { ApiEndpoint } from '../operation.js';
import { pageReply } from '../paging.js';

@AdminApi('keys')
export class KeysApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(KeysService) private readonly keys: KeysService,
  ) {}

  @Get()
  @ApiEndpoint({
    summary: 'The server’s keys, including retired ones',
    requiredScope: 'gatehouse:read',
    response: 'Key',
    listsAll: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    // Few enough for one page.
    return pageReply(call.request, (await this.keys.list()).map(keyRepresentation), undefined);
  }

  @Post('rotate')
  @ApiEndpoint({
    summary: 'Creates a new key of each kind, which signs once it has been published long enough',
    requiredScope: 'gatehouse:admin',
    body: 'KeyRotation',
    response: 'Key',
    listsAll: true,
  })
  async rotate(@ApiCall() call: Call): Promise<Reply> {
    const { value } = await readBodyOf(call.request, 'KeyRotation');
    await this.operations.execute(RotateKeys, call.actor, { atOnce: value.at_once ?? false });
    return this.list(call);
  }
}
