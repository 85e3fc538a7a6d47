/**
 * One of each list, in every combination, the last list fastest. Undefined where there are more than `most`, which is known
 * before any is made: 32 requests of 8 alternatives, which the API takes, have more than a machine can hold.
 */
export function combinations<T>(lists: readonly (readonly T[])[], most: number): readonly (readonly T[])[] | undefined {
  const count = lists.reduce((product, { length }) => product * length, 1);
  if (count > most) return undefined;
  return lists.reduce<readonly (readonly T[])[]>(
    (before, list) => before.flatMap((some) => list.map((one) => [...some, one])),
    [[]],
  );
}
