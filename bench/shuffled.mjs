/** The same items in any order. */
export function shuffled(items) {
  const array = [...items];
  for (let last = array.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [array[last], array[other]] = [array[other], array[last]];
  }
  return array;
}
