/** A document whose fields are in this order: a map where an object would put names that are numbers first. */
export function orderedDocument(entries: readonly (readonly [string, unknown])[]): object {
  const document = Object.fromEntries(entries);
  const names = Object.keys(document);
  return entries.every(([name], index) => names[index] === name) ? document : new Map(entries);
}
