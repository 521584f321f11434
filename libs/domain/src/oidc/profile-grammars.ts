/** Formats that a value may violate, apart from its length. */
export type ProfileGrammar = 'webAddress' | 'userinfo' | 'birthdate' | 'zoneinfo' | 'locale' | 'phoneNumber';

export function webAddressProblem(value: string): ProfileGrammar | undefined {
  if (!/^https?:\/\/[^\s"<>\\/][^\s"<>\\]*$/i.test(value)) return 'webAddress';
  try {
    const url = new URL(value);
    return url.username === '' && url.password === '' ? undefined : 'userinfo';
  } catch {
    return 'webAddress';
  }
}

export function birthdateProblem(value: string): ProfileGrammar | undefined {
  return isBirthdate(value) ? undefined : 'birthdate';
}

export function timeZoneProblem(value: string): ProfileGrammar | undefined {
  return isTimeZone(value) ? undefined : 'zoneinfo';
}

export function languageTagProblem(value: string): ProfileGrammar | undefined {
  return isLanguageTag(value) ? undefined : 'locale';
}

export function phoneNumberProblem(value: string): ProfileGrammar | undefined {
  return /^\+[1-9]\d{3,14}(;ext=\d{1,10})?$/.test(value) ? undefined : 'phoneNumber';
}

/** "+49 (0) 30 1234" is not E.164: a zero in brackets is not dialled from abroad and is removed. */
export function normalizePhoneNumber(typed: string): string {
  const [number = '', ...extension] = typed.split(';');
  return [number.replace(/\(0\)/g, '').replace(/[\s().\-/\u2010-\u2015]/g, ''), ...extension].join(';');
}

const daysOfMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isBirthdate(value: string): boolean {
  const parts = /^(\d{4})(?:-(\d{2})-(\d{2}))?$/.exec(value);
  if (!parts) return false;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  if (parts[2] === undefined) return year !== 0;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  // Without a year (0000), 29 February is valid; year 0 is a leap year in ISO 8601 anyway.
  return day >= 1 && day <= (month === 2 && !isLeap ? 28 : (daysOfMonths[month - 1] ?? 0));
}

function isTimeZone(value: string): boolean {
  // Some engines also accept an offset (+01:00), which is not a time zone name.
  if (!/^[A-Za-z][\w+/-]*$/.test(value)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return true;
  } catch {
    return false;
  }
}

function isLanguageTag(value: string): boolean {
  try {
    return Intl.getCanonicalLocales(value).length === 1;
  } catch {
    return false;
  }
}
