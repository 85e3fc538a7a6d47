/** The base of a resource, as fixtures need it. */
export interface CustomResource<Spec, Status> {
  readonly spec: Spec;
  readonly status?: Status;
}

/** A status with what the generator adds a default for. */
export interface Status {
  /**
   * observedGeneration is the generation that was seen.
   * @min -1
   */
  readonly observedGeneration?: Int64;
}

/**
 * A 32-bit integer.
 * @format int32
 */
export type Int32 = number & { readonly __unit?: 'Int32' };

/**
 * A whole number that JSON keeps.
 * @format int64
 */
export type Int64 = number & { readonly __unit?: 'Int64' };

/**
 * A DNS label.
 * @maxLength 63
 * @pattern ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$
 */
export type Label = string & { readonly __unit?: 'Label' };

/** A resource quantity such as 10Gi. */
export type Quantity = number | string;

/** A port by number or name. */
export type IntOrString = number | string;
