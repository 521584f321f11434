import { Get, Inject, Patch, Post } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { Operations } from '../../../operations/operations.js';
import { SendTestMail } from '../../../settings/administration/operations/send-test-mail.js';
import { UpdateSettings } from '../../../settings/administration/operations/update-settings.js';
import { settingRepresentation } from '../../../settings/administration/setting-representation.js';
import { SettingsOverview } from '../../../settings/administration/settings-overview.service.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import { readBodyOf, readPatchOf } from '../bodies.js';
import type { Call } from '../call.js';
import { ApiEndpoint } from '../operation.js';
import { expectedRevision, replyWithETag } from '../preconditions.js';
import type { Bodies } from '../shapes.js';

@AdminApi('settings')
export class SettingsApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(SettingsOverview) private readonly settings: SettingsOverview,
  ) {}

  @Get()
  @ApiEndpoint({
    summary: 'The effective settings and where they come from',
    description: 'Without the values of secrets.',
    requiredScope: 'gatehouse:read',
    response: 'Settings',
  })
  list(): Promise<Reply> {
    return this.reply();
  }

  @Patch()
  @ApiEndpoint({
    summary: 'Changes settings while the server runs',
    description:
      'Every process uses the new values within a second. A value that is weaker than what the environment sets is rejected, and branding that it sets cannot be changed.',
    requiredScope: 'gatehouse:admin',
    changes: true,
    body: 'SettingsPatch',
    response: 'Settings',
  })
  async update(@ApiCall() call: Call): Promise<Reply> {
    const { record } = await this.settings.list();
    const { value, patch } = await readPatchOf(call.request, {}, 'SettingsPatch');
    await this.operations.execute(UpdateSettings, call.actor, {
      changes: changesOf(value, Object.keys(patch)),
      revision: expectedRevision(call.request, record),
    });
    return this.reply();
  }

  @Post('test-message')
  @ApiEndpoint({
    summary: 'Sends a test message and reports the result',
    description:
      'To the confirmed address of the user whose token this is, or of the administrator that a service account names.',
    requiredScope: 'gatehouse:admin',
    signIn: 'any',
    body: 'TestMessage',
    response: 'TestMessageResult',
  })
  async sendTestMessage(@ApiCall() call: Call): Promise<Reply> {
    const { value } = await readBodyOf(call.request, 'TestMessage');
    const { delivered, recipient, message } = await this.operations.execute(SendTestMail, call.actor, {
      userId: value.user_id,
    });
    return Reply.json({ delivered, recipient, detail: String(message) });
  }

  private async reply(): Promise<Reply> {
    const { settings, record } = await this.settings.list();
    return replyWithETag({ settings: settings.map(settingRepresentation) }, record);
  }
}

/** As texts of the environment. The merge has removed the members that the patch sets to null. */
function changesOf(value: Bodies['SettingsPatch'], members: readonly string[]): Record<string, string | null> {
  const values: Readonly<Record<string, string | number | readonly string[] | null | undefined>> = value;
  return Object.fromEntries(members.map((member) => [member, textOf(values[member])]));
}

function textOf(value: string | number | readonly string[] | null | undefined): string | null {
  return typeof value === 'object' && value !== null ? value.join(',') : (value?.toString() ?? null);
}
