// The page: filters, cards, decisions. What stands in the data reaches the page as text and never as markup.

const [ROW, ORIGINAL, TEXT, STATUS, REASON, MADE_BY, SAME_AS, PROPOSAL, BEFORE, AFTER] = Array(10).keys();
const [PRINCIPLE, , SEVERITY, MESSAGE, SUGGESTIONS] = Array(5).keys();
const MOST_PRINTED = 500;
const STEERING = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

const $ = id => document.getElementById(id);
const facts = JSON.parse($("facts").textContent);
const rows = JSON.parse($("rows").textContent);
let language = facts.language;

function say(key, values) {
  return facts.words[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name].toLocaleString(language));
}

// A principle that has no title in the language goes by its id, in words.
function titleOf(principle) {
  const title = facts.titles[language][principle];
  return title === principle ? principle.replaceAll("-", " ").replace(/^./, first => first.toUpperCase()) : title;
}

function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value; else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Control characters, and those that turn the direction of writing, are shown and do not act; none changes an offset.
function harmless(text) {
  return text.replace(STEERING, c => c < " " ? String.fromCharCode(0x2400 + c.charCodeAt(0)) : "\ufffd");
}

const shared = (value, values) => Array.isArray(value) ? value : values[value];
const reasonOf = row => shared(row[REASON], facts.reasons)[Object.keys(facts.words).indexOf(language)];
const findingOf = found => shared(found[0], facts.findings);
const textOf = row => row[TEXT] === null ? row[ORIGINAL] : row[TEXT];
const statusOf = row => facts.statuses[row[STATUS]];

// A text in runs of one look each: what the other text has not, and where violations are.
function pane(text, differs, differing, found) {
  const looks = new Uint8Array(text.length);
  for (const [start, end] of differs) for (let place = start; place < end; place++) looks[place] |= 1;
  for (const one of found) {
    const look = findingOf(one)[SEVERITY] === "error" ? 2 : 4;
    for (let place = one[1]; place < one[2]; place++) looks[place] |= look;
  }
  const shown = harmless(text), box = make("p", { className: "pane", lang: facts.texts });
  for (let start = 0; start < text.length;) {
    let end = start + 1;
    while (end < text.length && looks[end] === looks[start]) end++;
    const names = [[1, differing], [2, "error"], [4, "warning"]].filter(([bit]) => looks[start] & bit);
    const run = shown.slice(start, end);
    box.append(names.length ? make("span", { className: names.map(name => name[1]).join(" ") }, run) : run);
    start = end;
  }
  return box;
}

function findingsOf(title, found) {
  if (!found.length) return [];
  const items = found.map(one => {
    const finding = findingOf(one);
    const instead = finding[SUGGESTIONS].slice(0, 2).map(text =>
      make("span", { className: "instead" }, say("instead") + say("colon") + harmless(text)));
    return make("li", {},
      make("span", { className: "kind " + finding[SEVERITY] }, say(finding[SEVERITY])), " ",
      make("span", { className: "why" }, titleOf(finding[PRINCIPLE]) + say("colon") + harmless(finding[MESSAGE])), ...instead);
  });
  return [make("p", { className: "pane-title" }, title), make("ul", { className: "findings" }, ...items)];
}

function decisionOf(index) {
  const row = rows[index], made = decisions.get(index), review = statusOf(row) === "needs_review";
  const choices = review ? ["keep", "edit"] : ["accept", "keep", "edit"];
  const box = make("fieldset", { className: "decision" }, make("legend", {}, say("decision")));
  const refresh = () => box.replaceWith(decisionOf(index));
  for (const choice of choices) {
    const radio = make("input", { type: "radio", name: "decision-" + index, value: choice, checked: made?.decision === choice });
    radio.addEventListener("change", () => { decide(index, choice); });
    box.append(make("label", {}, radio, " ", say(choice)));
  }
  if (made) {
    const clear = make("button", { type: "button" }, say("clear"));
    clear.addEventListener("click", () => { decisions.set(index); refresh(); });
    box.append(clear);
  }
  if (made?.decision === "edit") {
    const field = make("textarea", { value: made.text, "aria-label": say("edited"), lang: facts.texts });
    field.addEventListener("input", () => decisions.set(index, { decision: "edit", text: field.value }));
    box.append(field);
  }
  return box;
}

function decide(index, choice) {
  const row = rows[index], latest = decisions.get(index);
  if (choice === "accept" && statusOf(row) === "needs_review") return;
  const text = choice === "keep" ? row[ORIGINAL] : choice === "accept" ? textOf(row)
    : latest?.decision === "edit" ? latest.text : row[PROPOSAL] ?? textOf(row);
  decisions.set(index, { decision: choice, text });
  const box = $("card-" + index)?.querySelector(".decision");
  if (!box) return;
  const focused = box.contains(document.activeElement), now = decisionOf(index);
  box.replaceWith(now);
  if (choice === "edit") now.querySelector("textarea").focus({ preventScroll: true });
  else if (focused) now.querySelector("input:checked").focus({ preventScroll: true });
}

function cardOf(index) {
  const row = rows[index], status = statusOf(row), review = status === "needs_review";
  const right = review ? row[PROPOSAL] : textOf(row);
  const [removed, added] = right === null ? [[], []] : difference(row[ORIGINAL], right);
  const side = (title, box) => make("div", {}, make("p", { className: "pane-title" }, say(title)), box);
  const panes = make("div", { className: "panes" }, side("original", pane(row[ORIGINAL], removed, "removed", row[BEFORE])));
  if (right !== null && right !== row[ORIGINAL])
    panes.append(side(review ? "proposal" : "polished", pane(right, added, "added", review ? [] : row[AFTER])));
  else panes.classList.add("alone");
  const head = make("header", {},
    make("h3", { id: "title-" + index }, say("row", { n: String(row[ROW]) })),
    make("span", { className: status }, say(status)),
    make("small", {}, say("made_by_" + row[MADE_BY])));
  if (row[SAME_AS] !== null) head.append(make("small", {}, say("same_as", { n: String(row[SAME_AS]) })));
  const body = make("div", { className: "body" }, head);
  if (review) body.append(make("p", { className: "reason" }, say("reason") + say("colon") + harmless(reasonOf(row)),
    panes.classList.contains("alone") ? say("stop") + say("no_proposal") + say("period") : ""));
  body.append(panes, ...findingsOf(say("found_before"), row[BEFORE]));
  if (!review) body.append(...findingsOf(say("found_after"), row[AFTER]));
  body.append(decisionOf(index));
  return make("article", { className: "card " + status, id: "card-" + index, tabIndex: 0, "aria-labelledby": "title-" + index }, body);
}

function heightOf(index) {
  const row = rows[index], width = Math.max($("list").clientWidth, 300), columns = width > 700 ? width / 36 : width / 17;
  const lines = Math.ceil(Math.max(row[ORIGINAL].length, (row[PROPOSAL] ?? row[TEXT] ?? "").length) / columns);
  return 150 + Math.min(lines, 15) * 26 + (row[BEFORE].length + row[AFTER].length) * 50;
}

// What needs a person comes first.
const sorted = Array.from(rows.keys()).sort((a, b) => rows[a][STATUS] - rows[b][STATUS] || rows[a][ROW] - rows[b][ROW]);

function filtered() {
  const statuses = new Set([...document.querySelectorAll("[name=status]:checked")].map(box => facts.statuses.indexOf(box.value)));
  const principle = $("principle").value, decided = $("decided").value, wanted = $("search").value.trim().toLowerCase();
  return sorted.filter(index => {
    const row = rows[index];
    if (!statuses.has(row[STATUS])) return false;
    if (decided !== "any" && Boolean(decisions.get(index)) !== (decided === "yes")) return false;
    if (principle && ![...row[BEFORE], ...row[AFTER]].some(found => findingOf(found)[PRINCIPLE] === principle)) return false;
    return !wanted || String(row[ROW]) === wanted
      || [row[ORIGINAL], row[TEXT], row[PROPOSAL]].some(text => text !== null && text.toLowerCase().includes(wanted));
  });
}

function list() {
  const found = filtered(), all = rows.length;
  cards.show(found);
  $("shown").textContent = !found.length ? say("nothing_shown")
    : found.length > MOST_CARDS ? say("shown_capped", { cap: MOST_CARDS, n: found.length, all }) : say("shown", { n: found.length, all });
}

function showDecisions() {
  $("decisions").textContent = say("decisions", { n: decisions.made.size });
  $("unsaved").hidden = decisions.saved || !decisions.made.size;
}

function speak() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = say(element.dataset.t);
  for (const element of document.querySelectorAll("[data-principle]")) element.textContent = titleOf(element.dataset.principle);
  document.title = say("title") + " · " + facts.source;
  showDecisions();
  list();
}

function exported() {
  return [...decisions.made].sort((a, b) => rows[a[0]][ROW] - rows[b[0]][ROW]).map(([index, { decision, text }]) =>
    ({ row: rows[index][ROW], decision, text, original: rows[index][ORIGINAL] }));
}

const decisions = new Decisions(facts.id, () => showDecisions());
const cards = new Cards($("list"), cardOf, heightOf);

$("language").value = language;
$("language").addEventListener("change", event => { language = event.target.value; speak(); });
for (const box of document.querySelectorAll("[name=status], #principle, #decided")) box.addEventListener("change", list);
let typing;
$("search").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(list, 150); });
$("csv").addEventListener("click", () => {
  const head = ["row_column", "decision_column", "text_column", "original"].map(key => say(key));
  const lines = exported().map(one => [one.row, say(one.decision), one.text, one.original]);
  download(facts.name + ".decisions.csv", "text/csv;charset=utf-8", asCsv([head, ...lines]));
});
$("json").addEventListener("click", () =>
  download(facts.name + ".decisions.json", "application/json", JSON.stringify(exported(), null, 1)));
$("list").addEventListener("keydown", event => {
  const card = event.target.closest(".card");
  if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = { PageDown: 1, PageUp: -1 }[event.key];
  const choice = { 1: "accept", 2: "keep", 3: "edit" }[event.key];
  if (step && event.target.tagName !== "TEXTAREA") cards.focus(Number(card.dataset.place) + step);
  else if (choice && event.target === card) decide(Number(card.id.slice(5)), choice);
  else return;
  event.preventDefault();
});
window.addEventListener("beforeprint", () => {
  cards.unroll(MOST_PRINTED);
  $("printed").textContent = cards.rows.length > MOST_PRINTED ? say("printed", { n: MOST_PRINTED }) : "";
});
window.addEventListener("afterprint", () => { $("printed").textContent = ""; cards.roll(); });

$("controls").hidden = false;
speak();
