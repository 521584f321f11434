import { loadSettings } from '../../config/settings';
import { SignInsInFlight, type SignInSlots } from './sign-ins-in-flight';

describe('sign-ins of one account in flight', () => {
  const origin = { addressKey: '192.0.2.1', knownDevice: undefined };
  const many = (count: number, open: (index: number) => SignInSlots): SignInSlots[] =>
    Array.from({ length: count }, (_, n) => open(n));

  it('are limited to ten from one address; each that ends admits one more', () => {
    const inFlight = new SignInsInFlight(loadSettings({}));
    const all = many(11, () => inFlight.open('ada', origin));
    expect(all.map((places) => places.tryAcquireForSource())).toEqual([
      ...Array.from({ length: 10 }, () => true),
      false,
    ]);
    all[10]?.leave();
    expect(inFlight.open('ada', origin).tryAcquireForSource()).toBe(false);
    all[0]?.leave();
    all[0]?.leave();
    expect(inFlight.open('ada', origin).tryAcquireForSource()).toBe(true);
    expect(inFlight.open('ada', origin).tryAcquireForSource()).toBe(false);
  });

  it('do not affect another account, another address or a known browser', () => {
    const inFlight = new SignInsInFlight(loadSettings({}));
    for (const places of many(10, () => inFlight.open('ada', origin))) places.tryAcquireForSource();
    expect(inFlight.open('grace', origin).tryAcquireForSource()).toBe(true);
    expect(inFlight.open('ada', { ...origin, addressKey: '192.0.2.2' }).tryAcquireForSource()).toBe(true);
    expect(inFlight.open('ada', { ...origin, knownDevice: 'laptop' }).tryAcquireForSource()).toBe(true);
  });

  it('are limited to twenty from all unknown addresses', () => {
    const inFlight = new SignInsInFlight(loadSettings({}));
    const all = many(21, (index) => inFlight.open('ada', { ...origin, addressKey: `192.0.2.${index}` }));
    expect(all.every((places) => places.tryAcquireForSource())).toBe(true);
    expect(all.map((places) => places.tryAcquireForAccount()).filter(Boolean)).toHaveLength(20);
  });

  it('are not limited if GATEHOUSE_THROTTLE is off', () => {
    const inFlight = new SignInsInFlight(loadSettings({ GATEHOUSE_THROTTLE: '0' }));
    expect(many(100, () => inFlight.open('ada', origin)).every((places) => places.tryAcquireForSource())).toBe(true);
  });
});
