/** The protobuf form of a kind as plain data. A table names what is read; all other fields are skipped by their length. */

/** How a value travels, and so how it stands in JSON: times, quantities and bytes are text there. */
export type ProtobufType =
  | 'string'
  | 'int'
  | 'bool'
  | 'bytes'
  | 'time'
  | 'microTime'
  | 'quantity'
  | 'intOrString'
  | ProtobufMessage;

/** One field. */
export interface ProtobufField {
  /** Its name in JSON. */
  readonly name: string;
  readonly type: ProtobufType;
  /** A `map` has strings as keys. */
  readonly of?: 'list' | 'map';
  /**
   * Set when JSON tells a zero value too: the Go field is a pointer or lacks `omitempty`. A list without items is then
   * null, and so is a time that was never set. Empty objects are told in any case.
   */
  readonly zero?: 'told';
}

/** The fields by their numbers. */
export interface ProtobufMessage {
  readonly [number: number]: ProtobufField;
}
