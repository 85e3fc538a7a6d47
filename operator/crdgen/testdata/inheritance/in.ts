import type { CustomResource, Int32, Label, Status } from '../common.ts';

/**
 * Thing is a fixture.
 * @resource plural=things scope=Namespaced
 */
export interface Thing extends CustomResource<ThingSpec, Status> {}

/** ThingSpec is what is wanted. */
export interface ThingSpec extends Named<Label>, Omit2 {
  readonly title: Label;
  /** picked has one of two. */
  readonly picked?: Pick<Pair, 'first'>;
  /** omitted has the other. */
  readonly omitted?: Omit<Pair, 'first'>;
  /** partial may be empty. */
  readonly partial?: Partial<Pair>;
  /** both is put together. */
  readonly both?: Pair & Extra;
  /** page is generic. */
  readonly page?: Page<Label>;
}

/** Named has a name of some type. */
export interface Named<T> {
  /** name is a name. */
  readonly name: T;
  /** title keeps its prose when it is declared again. */
  readonly title?: T;
}

/** Omit2 has a size. */
export interface Omit2 {
  /** size is a size. */
  readonly size?: Int32;
  /**
   * hidden is not part of the API.
   * @internal
   */
  readonly hidden?: Date;
}

/** Pair has two. */
export interface Pair {
  /** first is the first. */
  readonly first: Label;
  /** second is the second. */
  readonly second: Label;
}

/** Extra has one more. */
export interface Extra {
  /** third is the third. */
  readonly third: Label;
}

/** Page has a default for its parameter. */
export interface Page<T, U = Label> {
  /** item is an item. */
  readonly item: T;
  /** next is the next. */
  readonly next?: U;
}
