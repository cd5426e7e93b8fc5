// What the reader decides, row by row; kept by the browser where it allows that, and exported as a file.

class Decisions {
  constructor(id, changed) {
    this.key = "replykit:" + id;
    this.changed = changed;
    this.saved = true;
    this.load();
    window.addEventListener("pagehide", () => { if (this.timer) this.save(); });
    window.addEventListener("storage", event => { // the same report in another tab
      if (event.key === this.key && !this.timer) { this.load(); this.changed(); }
    });
  }

  load() {
    this.made = new Map(); // index of a row -> { decision, text }
    try {
      for (const [row, made] of JSON.parse(localStorage.getItem(this.key) || "[]")) this.made.set(row, made);
    } catch { this.saved = false; }
  }

  get(row) { return this.made.get(row); }

  set(row, made) {
    if (made) this.made.set(row, made); else this.made.delete(row);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), 200);
    this.changed();
  }

  save() {
    clearTimeout(this.timer);
    this.timer = 0;
    try {
      localStorage.setItem(this.key, JSON.stringify([...this.made]));
      this.saved = true;
    } catch { this.saved = false; }
    this.changed();
  }
}

// A spreadsheet runs a cell that begins like this as a formula; an apostrophe before it makes it a text.
function asCell(value) {
  const text = String(value);
  const harmless = /^[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n\0]/.test(text) ? "'" + text : text;
  return '"' + harmless.replaceAll('"', '""') + '"';
}

function asCsv(table) {
  return "\ufeff" + table.map(line => line.map(asCell).join(",")).join("\r\n") + "\r\n";
}

function download(name, kind, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: kind }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
