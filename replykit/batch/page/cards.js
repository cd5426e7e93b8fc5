// A list of cards of differing heights, of which only those near the window exist.

const MARGIN = 800; // pixels above and below the window that are ready
const MOST_CARDS = 50000; // browsers lay out no page that is higher than some millions of pixels

class Cards {
  constructor(box, make, estimate) {
    this.box = box;
    this.make = make; // index of a row -> its card
    this.estimate = estimate; // index of a row -> pixels
    this.cards = new Map(); // place in the list -> its card
    this.rows = [];
    this.resized = new ResizeObserver(() => this.measure());
    window.addEventListener("scroll", () => this.soon(), { passive: true });
    window.addEventListener("resize", () => this.soon());
  }

  show(rows) {
    this.clear();
    this.rows = rows.slice(0, MOST_CARDS);
    this.heights = Float64Array.from(this.rows, this.estimate);
    this.offsets = new Float64Array(this.rows.length + 1);
    this.lay();
    this.draw();
  }

  clear() {
    this.unrolled = false;
    this.resized.disconnect();
    this.cards.clear();
    this.box.replaceChildren();
  }

  soon() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.draw(); });
  }

  top() {
    return -this.box.getBoundingClientRect().top; // of the window, within the list
  }

  placeAt(pixels) {
    let low = 0, high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.offsets[middle + 1] <= pixels) low = middle + 1; else high = middle;
    }
    return Math.min(low, Math.max(this.rows.length - 1, 0));
  }

  // Brings the cards near the window into being and lets go of the others, but never of the one that has the focus.
  draw() {
    if (this.unrolled || !this.rows.length) return;
    const top = this.top(), first = this.placeAt(top - MARGIN), last = this.placeAt(top + window.innerHeight + MARGIN);
    for (const [place, card] of this.cards)
      if ((place < first || place > last) && !card.contains(document.activeElement)) {
        this.resized.unobserve(card);
        this.cards.delete(place);
        card.remove();
      }
    for (let place = first; place <= last; place++) this.card(place);
    this.measure();
  }

  card(place) {
    let card = this.cards.get(place);
    if (!card) {
      card = this.make(this.rows[place]);
      card.setAttribute("aria-posinset", place + 1);
      card.setAttribute("aria-setsize", this.rows.length);
      card.dataset.place = place;
      card.style.top = this.offsets[place] + "px";
      const next = [...this.cards.keys()].filter(other => other > place).sort((a, b) => a - b)[0];
      this.box.insertBefore(card, next === undefined ? null : this.cards.get(next));
      this.cards.set(place, card);
      this.resized.observe(card);
    }
    return card;
  }

  // Takes over the real heights, and holds what the reader sees in its place.
  measure() {
    if (this.unrolled) return;
    const top = this.top(), anchor = this.placeAt(Math.max(top, 0)), before = this.offsets[anchor];
    let changed = false;
    for (const [place, card] of this.cards) {
      const height = card.offsetHeight;
      if (Math.abs(height - this.heights[place]) > 0.5) { this.heights[place] = height; changed = true; }
    }
    if (!changed) return;
    this.lay();
    for (const [place, card] of this.cards) card.style.top = this.offsets[place] + "px";
    const moved = this.offsets[anchor] - before;
    if (top > 0 && Math.abs(moved) > 0.5) window.scrollBy({ top: moved, behavior: "instant" });
    this.soon();
  }

  lay() {
    for (let place = 0; place < this.rows.length; place++)
      this.offsets[place + 1] = this.offsets[place] + this.heights[place];
    this.box.style.height = this.offsets[this.rows.length] + "px";
  }

  focus(place) {
    if (place < 0 || place >= this.rows.length) return;
    const card = this.card(place);
    this.measure();
    const room = document.getElementById("controls").getBoundingClientRect();
    window.scrollBy({ top: this.offsets[place] - this.top() - Math.max(room.bottom, 0), behavior: "instant" });
    card.focus({ preventScroll: true });
    this.soon();
  }

  // For printing: the first cards one below the other.
  unroll(most) {
    this.clear();
    this.unrolled = true;
    this.rows.slice(0, most).forEach((row, place) => this.card(place));
  }

  roll() {
    this.clear();
    this.draw();
  }
}
