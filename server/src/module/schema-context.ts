/** What a schema needs to know about the file that it reads. */
export interface SchemaContext {
  /** Makes a path absolute, seen from the module file's folder. */
  readonly resolvePath: (path: string) => string;
}
