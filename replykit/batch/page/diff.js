// What differs between two texts, by character; words of Latin letters and numbers count as one.

const LARGEST_TABLE = 4e6; // cells; beyond it the middle counts as replaced

function tokensOf(text) {
  return text.match(/[\p{Script=Latin}\p{M}\p{N}_]+|[\s\S]/gu) || [];
}

// Returns for each of the two texts the runs that the other one has not, as [start, end] in code units.
function difference(before, after) {
  const a = tokensOf(before), b = tokensOf(after);
  let first = 0, lastA = a.length, lastB = b.length;
  while (first < lastA && first < lastB && a[first] === b[first]) first++;
  while (lastA > first && lastB > first && a[lastA - 1] === b[lastB - 1]) { lastA--; lastB--; }
  const kept = commonPairs(a.slice(first, lastA), b.slice(first, lastB));
  const keptA = new Set(kept.map(pair => pair[0] + first)), keptB = new Set(kept.map(pair => pair[1] + first));
  return [runs(a, first, lastA, keptA), runs(b, first, lastB, keptB)];
}

function commonPairs(a, b) {
  const width = b.length + 1;
  if (!a.length || !b.length || (a.length + 1) * width > LARGEST_TABLE) return [];
  const table = new Uint16Array((a.length + 1) * width); // length of the longest common rest
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const here = i * width + j;
      table[here] = a[i] === b[j] ? table[here + width + 1] + 1 : Math.max(table[here + width], table[here + 1]);
    }
  const pairs = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (table[(i + 1) * width + j] >= table[i * width + j + 1]) i++;
    else j++;
  }
  return pairs.filter((pair, at) => a[pair[0]].length > 1 || !isLonely(pairs, at, a.length, b.length));
}

// One character that two otherwise different passages happen to share only breaks them up for the reader.
function isLonely(pairs, at, lengthA, lengthB) {
  const [i, j] = pairs[at], [i0, j0] = pairs[at - 1] || [-1, -1], [i1, j1] = pairs[at + 1] || [lengthA, lengthB];
  return (i - i0 > 1 || j - j0 > 1) && (i1 - i > 1 || j1 - j > 1);
}

function runs(tokens, first, last, kept) {
  const found = [];
  let place = 0;
  tokens.forEach((token, at) => {
    if (at >= first && at < last && !kept.has(at)) {
      const latest = found[found.length - 1];
      if (latest && latest[1] === place) latest[1] += token.length;
      else found.push([place, place + token.length]);
    }
    place += token.length;
  });
  return found;
}
