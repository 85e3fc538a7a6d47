import type { ColumnType, Generated } from 'kysely';

/** A time: read as Date, written as Date or RFC 3339 text. */
export type Time = ColumnType<Date, Date | string, Date | string>;

/** An integer of numeric(38,0): read as a decimal string, written as bigint or string. */
export type Integer = ColumnType<string, bigint | string, bigint | string>;

/** A decimal of numeric(38,12): read and written as a decimal string, never a float. */
export type Decimal = ColumnType<string, string, string>;

/** The one row that says which leader may write. */
export interface LeaderEpochTable {
  readonly epoch: ColumnType<bigint, bigint, bigint>;
  readonly holder: string;
  readonly taken_at: Time;
}

/** Which statement of rights was applied last. */
export interface RoleRightsTable {
  readonly one: Generated<boolean>;
  readonly digest: string;
  readonly applied_at: Time;
}

/** Tables of the store itself. */
export interface ControlSchema {
  readonly role_rights: RoleRightsTable;
  readonly leader_epoch: LeaderEpochTable;
}
