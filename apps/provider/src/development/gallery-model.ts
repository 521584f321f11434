import { listFieldModel } from '../web/list-fields.js';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** 200 characters without a space, as some names are. */
const LONG_NAME = 'Verwaltungsanwendung'.repeat(10);

/** Sample data: names that are long, written from right to left, or emoji; lists of one, of many and of none. */
export function galleryModel(now: number): object {
  return {
    longName: LONG_NAME,
    usesListFields: true,
    redirectUris: listFieldModel(
      { list: 'redirectUris', row: 'redirect-uri', label: 'client.redirectUriRow' },
      [
        { value: `https://${LONG_NAME}.example/callback`, isDefault: true },
        { value: 'http://grafana.example/callback' },
      ],
      {
        problems: { 'redirectUris.1': 'Use https here. Plain http is allowed only for localhost.' },
        focused: undefined,
      },
    ),
    people: [
      {
        id: '1',
        name: 'Anna Berger',
        email: 'anna@birchwood.example',
        at: now - 2 * MINUTE,
        kind: 'good',
        state: 'Active',
      },
      {
        id: '2',
        name: 'علي حسن',
        email: 'ali@birchwood.example',
        at: now - 26 * 60 * MINUTE,
        kind: 'info',
        state: 'Invited',
      },
      { id: '3', name: '🦊 Fox', email: 'fox@birchwood.example', at: now - 40 * DAY, kind: 'warn', state: 'Locked' },
      {
        id: '4',
        name: LONG_NAME,
        email: `${LONG_NAME}@birchwood.example`,
        at: undefined,
        kind: undefined,
        state: 'Disabled',
      },
    ],
    month: Array.from({ length: 30 }, (_, at) => ({
      label: `Nov ${at + 1}`,
      value: 20 + ((at * 7) % 13),
      failed: at % 4,
    })),
    thousand: Array.from({ length: 1000 }, (_, at) => ({
      label: `Hour ${at}`,
      value: (at * 37) % 100,
      failed: at % 7,
    })),
    single: [{ label: 'Nov 29', value: 3, failed: 1 }],
    trend: [3, 5, 4, 6, 8, 7, 9],
    days: daysOf(now),
  };
}

function daysOf(now: number): readonly object[] {
  return [
    {
      day: 'Today',
      events: [
        {
          id: 'event-1',
          icon: 'log-in',
          kind: 'good',
          sentence: { text: 'Anna Berger signed in to Grafana with a passkey' },
          source: 'Firefox on Linux',
          at: now - 2 * MINUTE,
          details: [
            { label: 'Event', code: 'login.succeeded' },
            { label: 'Request ID', copy: '7f3c1d90ab4141' },
          ],
        },
        {
          icon: 'circle-alert',
          kind: 'bad',
          sentence: { key: 'login.loggedInAs', values: { username: LONG_NAME } },
          source: '203.0.113.77',
          at: now - 3 * DAY,
          details: [{ label: 'Application', href: '#outline', value: LONG_NAME }],
        },
      ],
    },
  ];
}
