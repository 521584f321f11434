import { text, type Message } from '../i18n/message.js';
import type { FailedClient, PageErrorId } from './page-error.js';

/** What an error page tells an administrator, as rows of `ui/facts`. */
export function errorDetails(error: {
  readonly id: PageErrorId;
  readonly status: number;
  readonly requestId: string;
  readonly detail?: Message | undefined;
  readonly client?: Pick<FailedClient, 'name'> | undefined;
}): readonly object[] {
  return [
    ...(error.detail === undefined
      ? []
      : [
          {
            label: text('error.detail.what'),
            value: error.detail,
            // An `error_description` is ASCII and written for the developer of the application.
            lang: typeof error.detail === 'string' ? 'en' : undefined,
          },
        ]),
    ...(error.client === undefined ? [] : [{ label: text('error.detail.application'), value: error.client.name }]),
    { label: text('error.detail.code'), code: error.id },
    { label: text('error.detail.status'), value: String(error.status) },
    { label: text('error.detail.request'), copy: error.requestId, id: 'request-id' },
  ];
}
