import type { Halt } from '../protocol.ts';

/** Counts the points that a process reaches, and stops it at the one that was asked for. */
export interface Points {
  /** What the process is doing; the first part of the names of points. */
  phase: string;
  /** Says that a point of the present phase is reached. */
  readonly reach: (name: string) => void;
  /** Begins to count anew, towards this halt if one is given. */
  readonly arm: (halt: Halt | undefined) => void;
}

/** Points of this process: a halt is a real signal, sent to itself. */
export function createPoints(): Points {
  let armed: Halt | undefined;
  let counts = new Map<string, number>();
  const count = (point: string): void => {
    const nth = (counts.get(point) ?? 0) + 1;
    counts.set(point, nth);
    if (armed?.point === point && armed.nth === nth) process.kill(process.pid, armed.signal);
  };
  const points: Points = {
    phase: 'start',
    reach: (name) => {
      count(`${points.phase}:${name}`);
      count('*');
    },
    arm: (halt) => {
      armed = halt;
      counts = new Map();
    },
  };
  return points;
}
