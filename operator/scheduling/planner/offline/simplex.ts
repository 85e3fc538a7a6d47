/** A column of a program: how much of each row one unit takes, and what it earns. */
export interface Column {
  readonly rows: readonly number[];
  readonly amounts: readonly number[];
  readonly profit: number;
}

/** What counts as zero. */
const TINY = 1e-9;
/** A column enters only if a unit of it earns at least this beyond the prices of its rows. */
const LEAST_GAIN = 1e-6;
/** Pivots after which the inverse is made anew, so that rounding does not add up. */
const REFRESH_EVERY = 512;

/**
 * Maximises profit over columns y ≥ 0 with rows at most their limits, by the revised simplex method with a dense
 * inverse; columns may be added between two solves, which go on from the basis reached. For a few hundred rows.
 */
export class Program {
  readonly #limits: Float64Array;
  readonly #columns: Column[] = [];
  /** Column in the basis by row of the inverse; -1 - r is the slack of row r. */
  readonly #basis: Int32Array;
  readonly #inBasis = new Set<number>();
  readonly #inverse: Float64Array;
  readonly #values: Float64Array;
  readonly #direction: Float64Array;
  readonly #prices: Float64Array;
  #pivots = 0;

  constructor(limits: readonly number[]) {
    const rows = limits.length;
    this.#limits = Float64Array.from(limits);
    this.#basis = Int32Array.from({ length: rows }, (_, row) => -1 - row);
    this.#inverse = new Float64Array(rows * rows);
    for (let row = 0; row < rows; row++) this.#inverse[row * rows + row] = 1;
    this.#values = Float64Array.from(limits);
    this.#direction = new Float64Array(rows);
    this.#prices = new Float64Array(rows);
  }

  /** Price of each row: what one more of it would earn. */
  get prices(): Float64Array {
    return this.#prices;
  }

  /** Adds a column and returns its number. */
  add(column: Column): number {
    this.#columns.push(column);
    return this.#columns.length - 1;
  }

  /** Pivots until nothing gains or `steps` are used up; answers whether the optimum over the columns was reached. */
  solve(steps: number): boolean {
    for (let step = 0; step < steps; step++) {
      const entering = this.#entering();
      if (entering === undefined) return true;
      this.#setDirection(entering.column);
      const leaving = this.#leaving();
      if (leaving < 0) return false;
      this.#pivot(entering, leaving);
      if (++this.#pivots % REFRESH_EVERY === 0) this.#refresh();
    }
    return false;
  }

  /** Columns in use with how much of each. */
  solution(): { readonly column: number; readonly amount: number }[] {
    return [...this.#basis].flatMap((column, row) => {
      const amount = this.#values[row] as number;
      return column >= 0 && amount > TINY ? [{ column, amount }] : [];
    });
  }

  /** Profit of the solution. */
  profit(): number {
    return this.solution().reduce((sum, { column, amount }) => sum + amount * this.#profitOf(column), 0);
  }

  #profitOf(column: number): number {
    return column < 0 ? 0 : (this.#columns[column] as Column).profit;
  }

  #entering(): { readonly column: number; readonly gain: number } | undefined {
    let best = LEAST_GAIN;
    let found: number | undefined;
    for (const [at, { rows, amounts, profit }] of this.#columns.entries()) {
      let gain = profit;
      for (let i = 0; i < rows.length; i++)
        gain -= (this.#prices[rows[i] as number] as number) * (amounts[i] as number);
      if (gain <= best || this.#inBasis.has(at)) continue;
      best = gain;
      found = at;
    }
    for (let row = 0; row < this.#prices.length; row++) {
      const gain = -(this.#prices[row] as number);
      if (gain <= best || this.#inBasis.has(-1 - row)) continue;
      best = gain;
      found = -1 - row;
    }
    return found === undefined ? undefined : { column: found, gain: best };
  }

  #setDirection(column: number): void {
    const size = this.#limits.length;
    const { rows, amounts } = column < 0 ? { rows: [-1 - column], amounts: [1] } : (this.#columns[column] as Column);
    for (let row = 0; row < size; row++) {
      let sum = 0;
      for (let i = 0; i < rows.length; i++) {
        sum += (this.#inverse[row * size + (rows[i] as number)] as number) * (amounts[i] as number);
      }
      this.#direction[row] = sum;
    }
  }

  #leaving(): number {
    let least = Number.POSITIVE_INFINITY;
    let found = -1;
    for (let row = 0; row < this.#direction.length; row++) {
      const step = this.#direction[row] as number;
      if (step <= TINY) continue;
      const ratio = (this.#values[row] as number) / step;
      if (ratio > least + TINY) continue;
      // Among equals the one with the larger pivot: it keeps the inverse accurate.
      if (ratio > least - TINY && found >= 0 && step <= (this.#direction[found] as number)) continue;
      least = Math.min(least, ratio);
      found = row;
    }
    return found;
  }

  #pivot({ column, gain }: { readonly column: number; readonly gain: number }, leaving: number): void {
    const size = this.#limits.length;
    const pivot = this.#direction[leaving] as number;
    const from = leaving * size;
    for (let at = from; at < from + size; at++) this.#inverse[at] = (this.#inverse[at] as number) / pivot;
    const amount = Math.max(0, (this.#values[leaving] as number) / pivot);
    for (let row = 0; row < size; row++) {
      const step = this.#direction[row] as number;
      if (row === leaving || step === 0) continue;
      this.#values[row] = Math.max(0, (this.#values[row] as number) - amount * step);
      const to = row * size;
      for (let at = 0; at < size; at++) {
        this.#inverse[to + at] = (this.#inverse[to + at] as number) - step * (this.#inverse[from + at] as number);
      }
    }
    this.#values[leaving] = amount;
    for (let at = 0; at < size; at++) {
      this.#prices[at] = (this.#prices[at] as number) + gain * (this.#inverse[from + at] as number);
    }
    this.#inBasis.delete(this.#basis[leaving] as number);
    this.#inBasis.add(column);
    this.#basis[leaving] = column;
  }

  /** Makes inverse, values and prices anew from the basis (Gauss-Jordan with row pivoting). */
  #refresh(): void {
    const size = this.#limits.length;
    const matrix = new Float64Array(size * size);
    for (const [at, column] of this.#basis.entries()) {
      if (column < 0) matrix[(-1 - column) * size + at] = 1;
      else {
        const { rows, amounts } = this.#columns[column] as Column;
        for (let i = 0; i < rows.length; i++) matrix[(rows[i] as number) * size + at] = amounts[i] as number;
      }
    }
    const inverse = inverted(matrix, size);
    if (inverse === undefined) return;
    this.#inverse.set(inverse);
    for (let row = 0; row < size; row++) {
      let sum = 0;
      for (let at = 0; at < size; at++) sum += (inverse[row * size + at] as number) * (this.#limits[at] as number);
      this.#values[row] = Math.max(0, sum);
    }
    this.#prices.fill(0);
    for (const [row, column] of this.#basis.entries()) {
      const profit = this.#profitOf(column);
      if (profit === 0) continue;
      for (let at = 0; at < size; at++) {
        this.#prices[at] = (this.#prices[at] as number) + profit * (inverse[row * size + at] as number);
      }
    }
  }
}

/** The inverse of a square matrix; undefined where it has none. The matrix is used up. */
function inverted(matrix: Float64Array, size: number): Float64Array | undefined {
  const inverse = new Float64Array(size * size);
  for (let row = 0; row < size; row++) inverse[row * size + row] = 1;
  for (let column = 0; column < size; column++) {
    let best = column;
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(matrix[row * size + column] as number) > Math.abs(matrix[best * size + column] as number))
        best = row;
    }
    const pivot = matrix[best * size + column] as number;
    if (Math.abs(pivot) < TINY) return undefined;
    swapRows(matrix, size, column, best);
    swapRows(inverse, size, column, best);
    for (let at = 0; at < size; at++) {
      matrix[column * size + at] = (matrix[column * size + at] as number) / pivot;
      inverse[column * size + at] = (inverse[column * size + at] as number) / pivot;
    }
    for (let row = 0; row < size; row++) {
      const factor = matrix[row * size + column] as number;
      if (row === column || factor === 0) continue;
      for (let at = 0; at < size; at++) {
        matrix[row * size + at] = (matrix[row * size + at] as number) - factor * (matrix[column * size + at] as number);
        inverse[row * size + at] =
          (inverse[row * size + at] as number) - factor * (inverse[column * size + at] as number);
      }
    }
  }
  return inverse;
}

function swapRows(matrix: Float64Array, size: number, left: number, right: number): void {
  if (left === right) return;
  for (let at = 0; at < size; at++) {
    const held = matrix[left * size + at] as number;
    matrix[left * size + at] = matrix[right * size + at] as number;
    matrix[right * size + at] = held;
  }
}
