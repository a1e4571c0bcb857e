/** The style of the matrix: readable on a light and on a dark screen, and on paper. */
export const matrixStyle = `
:root { color-scheme: light dark; --line: light-dark(#d8dee9, #3b4252); --soft: light-dark(#f4f6f9, #232833);
  --text: light-dark(#1f2430, #e5e9f0); --quiet: light-dark(#5b6474, #9aa5b8); --good: light-dark(#1b7a43, #7bd39b);
  --bad: light-dark(#b3261e, #ff8a80); --known: light-dark(#8a5a00, #f0c674); }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); margin: 0 auto; max-width: 72rem; padding: 1.5rem; }
h1 { margin: 0; font-size: 1.6rem; } header p { color: var(--quiet); margin: .3rem 0 1.5rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; }
thead th { position: sticky; top: 0; background: light-dark(#fff, #14171e); text-align: center; padding: .5rem .6rem;
  border-bottom: 2px solid var(--line); }
thead th span { display: block; font-weight: 400; font-size: .8rem; } .good { color: var(--good); } .bad { color: var(--bad); }
th.case { text-align: left; font-weight: 400; } tr.suite th { text-align: left; background: var(--soft); padding: .35rem .6rem; }
td, tbody th { padding: .2rem .6rem; border-bottom: 1px solid var(--line); }
td { text-align: center; } thead th:nth-child(2) { text-align: left; } td.clauses { text-align: left; color: var(--quiet); font-size: .78rem; max-width: 18rem; }
small { color: var(--quiet); }
td button { font: inherit; border: 0; background: none; cursor: pointer; padding: 0 .5rem; border-radius: 4px; color: inherit; }
td button:hover, td button:focus-visible { outline: 2px solid var(--line); }
button.passed { color: var(--good); } button.failed, button.unexpected-pass { color: var(--bad); font-weight: 700; }
button.known-failure { color: var(--known); } button.not-applicable { color: var(--quiet); }
dialog { max-width: min(70rem, 92vw); width: 100%; border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.5rem; }
dialog form { text-align: right; } dialog form button { font-size: 1.2rem; border: 0; background: none; cursor: pointer; color: inherit; }
dt { font-weight: 600; } dd { margin: 0 0 .5rem; color: var(--quiet); }
pre { overflow-x: auto; background: var(--soft); padding: .8rem; border-radius: 6px; font-size: .8rem; }
pre.reason { color: var(--bad); white-space: pre-wrap; }
`;

/** Opens the detail of the cell that was chosen. */
export const matrixScript = `
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-detail]");
  if (button === null) return;
  const detail = document.getElementById(button.dataset.detail);
  document.getElementById("content").replaceChildren(detail.cloneNode(true));
  document.getElementById("dialog").showModal();
});
`;
