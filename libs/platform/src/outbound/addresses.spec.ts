import { AddressList, normalAddress } from './address-list.js';
import { isPublicAddress } from './public-address.js';

describe('public addresses', () => {
  it.each(['8.8.8.8', '1.1.1.1', '2001:4860:4860::8888', '64:ff9b::808:808', '::ffff:8.8.8.8'])(
    '%s is one',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    ...['0.0.0.0', '0.1.2.3', '127.0.0.1', '127.255.255.254', '10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1'],
    ...['169.254.169.254', '192.0.0.192', '168.63.129.16', '198.18.0.1', '203.0.113.1', '224.0.0.1', '255.255.255.255'],
    ...[
      '::',
      '::1',
      '::7f00:1',
      'fe80::1',
      'fec0::1',
      'fc00::1',
      'fd00:ec2::254',
      'ff02::1',
      '2001:db8::1',
      '2002:7f00:1::',
    ],
    ...[
      '::ffff:127.0.0.1',
      '::ffff:a9fe:a9fe',
      '64:ff9b::7f00:1',
      '64:ff9b::10.0.0.1',
      '64:ff9b:1::808:808',
      '4000::1',
    ],
    ...['', 'localhost', '1.2.3', '8.8.8.8 '],
  ])('%j is none', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('a list of addresses', () => {
  const list = AddressList.parse([
    '10.0.0.0/8',
    '192.0.2.7',
    'fd00::/8',
    '::ffff:198.51.100.0/120'.split('/')[0] ?? '',
  ]);

  it('has what lies in its networks, in every notation', () => {
    expect(list?.has('10.255.0.1')).toBe(true);
    expect(list?.has('::ffff:10.0.0.1')).toBe(true);
    expect(list?.has('192.0.2.7')).toBe(true);
    expect(list?.has('192.0.2.8')).toBe(false);
    expect(list?.has('fd12::1')).toBe(true);
    expect(list?.has('11.0.0.1')).toBe(false);
    expect(list?.has('nonsense')).toBe(false);
    expect(AddressList.empty.has('10.0.0.1')).toBe(false);
  });

  it.each(['10.0.0.0/33', '10.0.0.0/', '10/8', 'fd00::/129', 'example.org', '10.0.0.0/8/8', '0x7f.1'])(
    'takes no %j',
    (text) => {
      expect(AddressList.parse([text])).toBeUndefined();
    },
  );

  it('writes addresses in their usual way', () => {
    expect(normalAddress('::ffff:127.0.0.1')).toBe('127.0.0.1');
    expect(normalAddress('FE80::1%eth0')).toBe('fe80::1');
    expect(normalAddress('127.1')).toBeUndefined();
    expect(normalAddress('')).toBeUndefined();
  });
});
