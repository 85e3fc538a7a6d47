import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Column, Program } from './simplex.ts';

function solved(limits: readonly number[], columns: readonly Column[]): Program {
  const program = new Program(limits);
  for (const column of columns) program.add(column);
  expect(program.solve(1000)).toBe(true);
  return program;
}

describe('the simplex method', () => {
  it('solves a program with a known optimum', () => {
    // max 3x + 5y, x ≤ 4, 2y ≤ 12, 3x + 2y ≤ 18: x = 2, y = 6.
    const program = solved(
      [4, 12, 18],
      [
        { rows: [0, 2], amounts: [1, 3], profit: 3 },
        { rows: [1, 2], amounts: [2, 2], profit: 5 },
      ],
    );
    expect(program.profit()).toBeCloseTo(36);
    expect(program.solution().sort((left, right) => left.column - right.column)).toEqual([
      { column: 0, amount: expect.closeTo(2) },
      { column: 1, amount: expect.closeTo(6) },
    ]);
    expect([...program.prices]).toEqual([expect.closeTo(0), expect.closeTo(1.5), expect.closeTo(1)]);
  });

  it('goes on from where it was when a better column comes', () => {
    const program = solved([10], [{ rows: [0], amounts: [2], profit: 1 }]);
    expect(program.profit()).toBeCloseTo(5);
    program.add({ rows: [0], amounts: [1], profit: 1 });
    expect(program.solve(10)).toBe(true);
    expect(program.profit()).toBeCloseTo(10);
  });

  const column = fc.record({
    amounts: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 5, maxLength: 5 }),
    profit: fc.integer({ min: 0, max: 9 }),
  });
  it('keeps every limit, and its prices prove that nothing better exists', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 5, maxLength: 5 }),
        fc.array(column, { minLength: 1, maxLength: 30 }),
        (limits, drafts) => {
          const columns = drafts
            .filter(({ amounts }) => amounts.some((amount) => amount > 0))
            .map(({ amounts, profit }): Column => ({ rows: [0, 1, 2, 3, 4], amounts, profit }));
          const program = solved(limits, columns);
          const used = limits.map((_, row) =>
            program
              .solution()
              .reduce((sum, { column: at, amount }) => sum + amount * (columns[at]?.amounts[row] ?? 0), 0),
          );
          for (const [row, limit] of limits.entries()) expect(used[row]).toBeLessThanOrEqual(limit + 1e-6);
          const { prices } = program;
          for (const price of prices) expect(price).toBeGreaterThanOrEqual(-1e-5);
          for (const { amounts, profit } of columns) {
            const cost = amounts.reduce((sum, amount, row) => sum + amount * (prices[row] ?? 0), 0);
            expect(cost).toBeGreaterThanOrEqual(profit - 1e-4);
          }
          const dual = limits.reduce((sum, limit, row) => sum + limit * (prices[row] ?? 0), 0);
          expect(dual).toBeCloseTo(program.profit(), 3);
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });
});
