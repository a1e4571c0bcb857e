/**
 * Filters the rows, and shows what belongs to the cell that was chosen. The address of a cell is
 * #column/suite/name, so that a cell can be linked to.
 */
export const matrixScript = `
const data = JSON.parse(document.getElementById("data").textContent);
const search = document.getElementById("search");
const onlyBad = document.getElementById("only-bad");
const dialog = document.getElementById("dialog");

function filter() {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const body of document.querySelectorAll("tbody")) {
    let any = false;
    for (const row of body.querySelectorAll("tr[data-text]")) {
      const visible = words.every((word) => row.dataset.text.includes(word))
        && (!onlyBad.checked || row.querySelector(".failed, .known-failure, .unexpected-pass") !== null);
      row.hidden = !visible;
      if (visible) { any = true; shown++; }
    }
    body.hidden = !any;
  }
  document.getElementById("count").textContent = shown + " cases";
}

function add(parent, name, text, className) {
  const element = document.createElement(name);
  element.textContent = text;
  if (className !== undefined) element.className = className;
  parent.append(element);
  return element;
}

function show(key) {
  const found = data.cells[key];
  if (found === undefined) return;
  const content = document.getElementById("content");
  content.replaceChildren();
  add(content, "h3", found.path);
  add(content, "p", found.subject + ": " + found.outcome + ", " + found.level + ", " + found.ms + " ms", "tag");
  if (found.reason !== "") add(content, "pre", found.reason, "reason");
  const clauses = add(content, "dl", "");
  for (const id of found.clauses) {
    add(clauses, "dt", id);
    add(clauses, "dd", data.clauses[id] ?? "");
  }
  if (found.trace.length > 0) {
    add(content, "h4", "Frames");
    add(content, "pre", found.trace.join("\\n"));
  }
  if (!dialog.open) dialog.showModal();
}

search.addEventListener("input", filter);
onlyBad.addEventListener("change", filter);
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-cell]");
  if (button !== null) location.hash = encodeURI(button.dataset.cell);
});
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
dialog.addEventListener("close", () => history.replaceState(null, "", location.pathname + location.search));
function followHash() { if (location.hash.length > 1) show(decodeURI(location.hash.slice(1))); }
addEventListener("hashchange", followHash);
filter();
followHash();
`;
