/** A part of a text that the other text has, too, or that it does not have. */
export interface TextPart {
  readonly text: string;
  readonly differs: boolean;
}

export interface TextDifference {
  readonly first: readonly TextPart[];
  readonly second: readonly TextPart[];
}

/** Longer texts are compared at their beginning and end alone: the comparison takes the product of their lengths. */
const MOST_COMPARED = 250_000;

/** Where two texts differ. What has little in common differs as a whole, instead of in single characters. */
export function textDifference(first: string, second: string): TextDifference {
  const one = [...first];
  const other = [...second];
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  const middles = [one.slice(start, one.length - end), other.slice(start, other.length - end)] as const;
  const [inFirst, inSecond] = commonIn(...middles);
  const whole = (middle: readonly boolean[]): boolean[] => [
    ...Array<boolean>(start).fill(true),
    ...middle,
    ...Array<boolean>(end).fill(true),
  ];
  return { first: partsOf(one, whole(inFirst)), second: partsOf(other, whole(inSecond)) };
}

/** Whether each character of two texts belongs to their longest common subsequence. */
function commonIn(one: readonly string[], other: readonly string[]): readonly [boolean[], boolean[]] {
  const common = [one.map(() => false), other.map(() => false)] as const;
  if (one.length * other.length > MOST_COMPARED) return common;
  const width = other.length + 1;
  /** The length of the longest common subsequence of the rests, by the starts of both. */
  const lengths = new Uint16Array((one.length + 1) * width);
  const lengthAt = (a: number, b: number): number => lengths[a * width + b] ?? 0;
  for (let a = one.length - 1; a >= 0; a--)
    for (let b = other.length - 1; b >= 0; b--)
      lengths[a * width + b] =
        one[a] === other[b] ? lengthAt(a + 1, b + 1) + 1 : Math.max(lengthAt(a + 1, b), lengthAt(a, b + 1));
  if (lengthAt(0, 0) * 2 < Math.min(one.length, other.length)) return common;
  for (let a = 0, b = 0; a < one.length && b < other.length;) {
    if (one[a] === other[b]) {
      common[0][a] = true;
      common[1][b] = true;
      a += 1;
      b += 1;
    } else if (lengthAt(a + 1, b) >= lengthAt(a, b + 1)) a += 1;
    else b += 1;
  }
  return common;
}

function partsOf(characters: readonly string[], common: readonly boolean[]): readonly TextPart[] {
  const parts: { text: string; differs: boolean }[] = [];
  for (const [at, character] of characters.entries()) {
    const differs = common[at] !== true;
    const last = parts.at(-1);
    if (last?.differs === differs) last.text += character;
    else parts.push({ text: character, differs });
  }
  return parts;
}
